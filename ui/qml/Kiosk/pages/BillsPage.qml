import QtQuick
import Kiosk
import Kiosk.Model

// One row a month that can be ticked, keys to leaf, and beneath them the ways to choose.
Item {
    id: page

    readonly property real tickWidth: Theme.iconText + Theme.gap
    readonly property real column: (width - Theme.gap / 2 - tickWidth) / 4.3
    readonly property bool lowered: Theme.low && Theme.form === "lobby"

    function columnWidth(index: int): real {
        return index === 0 ? column * 1.3 : column
    }

    Row {
        id: head
        x: page.tickWidth
        y: page.lowered ? -height : 0
        visible: bills.count > 0

        Repeater {
            model: Page.billColumns

            KioskText {
                required property int index
                required property string modelData

                width: page.columnWidth(index)
                horizontalAlignment: index === 0 ? Text.AlignLeft : Text.AlignRight
                text: modelData
                size: Theme.service
                lineHeight: Theme.tight
                color: Theme.text2
            }
        }
    }

    Column {
        id: table
        y: page.lowered || bills.count === 0 ? 0 : head.height
        width: parent.width
        spacing: Theme.gap / 2

        Repeater {
            id: bills
            model: Page.bills

            BillRow {
                required property bool selected
                required property string number

                required month
                required charge
                required late_fee
                required due
                required note
                required overdue
                width: page.width
                arg: number
                indent: page.tickWidth
                columnWidth: page.columnWidth
                chosen: selected
            }
        }
    }

    ChoiceGrid {
        id: choices
        readonly property real start: table.height > 0 ? table.y + table.height + Theme.gap : 0
        y: start
        width: parent.width
        columns: Math.min(count, 3)
        room: parent.height - start
        cap: Theme.standardHeight * 1.5
    }
}
