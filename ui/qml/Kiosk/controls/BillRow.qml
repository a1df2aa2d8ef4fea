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
    readonly property int dense: Theme.form === "lobby" ? Theme.small : Fit.plainSmall
    readonly property bool roomy: Theme.form === "lobby" && !Theme.large && !Theme.low
    property var columnWidth: index => 0

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
        anchors.verticalCenterOffset: bill.note === "" ? 0 : -3

        Row {
            Repeater {
                model: [bill.month, bill.charge, bill.late_fee, bill.due]

                KioskText {
                    required property int index
                    required property string modelData

                    width: bill.columnWidth(index)
                    anchors.verticalCenter: parent.verticalCenter
                    horizontalAlignment: index === 0 ? Text.AlignLeft : Text.AlignRight
                    text: modelData
                    size: Math.max(Math.min(Theme.form === "lobby" && !Theme.low ? Fit.plain : Theme.large && Page.billCount > 3 ? Fit.plainService : Theme.service, Math.floor(width / modelData.length / (index === 0 ? 0.72 : 0.6))), bill.dense)
                    strong: index === 0 || index === 3
                    lineHeight: Theme.tight
                    color: bill.ink
                    Accessible.ignored: true
                }
            }
        }

        KioskText {
            width: bill.width - bill.indent - Theme.gap
            visible: text !== ""
            text: bill.note
            size: bill.roomy ? Theme.service : bill.dense
            lineHeight: Theme.tight
            color: bill.down ? bill.ink : bill.overdue ? Theme.danger : Theme.text2
            Accessible.ignored: true
        }
    }
}
