import QtQuick
import Kiosk
import Kiosk.Model

// One month of the bill: pressed, it is taken into the payment or left out.
KioskButton {
    id: bill

    property string month
    property string charge
    property string late_fee
    property string due
    property string note
    property bool overdue
    property real indent
    property BillColumns layout
    readonly property var cells: [month, charge, late_fee, due]
    readonly property bool roomy: Theme.form === "lobby" && !Theme.large && !Theme.low

    look: "tile"
    key: "toggle_month"
    height: Math.max(words.height + Theme.gap / 4, Theme.floorTarget)
    spoken: [month, charge, late_fee, due, note].filter(part => part).join(" ")

    Icon {
        x: Theme.gap / 2
        anchors.verticalCenter: parent.verticalCenter
        name: bill.chosen ? "success" : "unchecked"
        ink: bill.mark
        ground: bill.ground
    }

    Column {
        id: words
        x: bill.indent
        anchors.verticalCenter: parent.verticalCenter
        // The lower line's descenders would touch the frame.
        anchors.verticalCenterOffset: bill.note === "" || bill.layout.folded ? 0 : -3

        Row {
            Repeater {
                model: bill.cells

                KioskText {
                    required property int index
                    required property string modelData

                    width: bill.layout.widths[index]
                    visible: width > 0
                    horizontalAlignment: index === 0 ? Text.AlignLeft : Text.AlignRight
                    text: modelData
                    size: bill.layout.size
                    strong: index === 0 || index === 3
                    lineHeight: Theme.tight
                    color: bill.ink
                    Accessible.ignored: true
                }
            }
        }

        Item {
            width: bill.layout.folded ? bill.layout.widths[0] + bill.layout.widths[1] : bill.width - bill.indent - Theme.gap
            height: Math.max(told.visible ? told.height : 0, fee.visible ? fee.height : 0)

            KioskText {
                id: told
                width: parent.width - (fee.visible ? fee.implicitWidth + bill.layout.between : 0)
                visible: text !== ""
                text: bill.note
                size: bill.roomy ? Theme.service : bill.layout.least
                lineHeight: Theme.tight
                color: bill.down ? bill.ink : bill.overdue ? Theme.danger : Theme.text2
                Accessible.ignored: true
            }

            KioskText {
                id: fee
                anchors.right: parent.right
                visible: bill.layout.folded
                text: bill.late_fee
                size: bill.layout.size
                lineHeight: Theme.tight
                color: bill.ink
                Accessible.ignored: true
            }
        }
    }
}
