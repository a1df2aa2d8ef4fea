import QtQuick
import Kiosk
import Kiosk.Model

// One row a month that can be ticked, and the ways to choose: beneath the table, or beside it where the form is low.
Item {
    id: page

    readonly property bool beside: Theme.form !== "lobby" && bills.count > 0
    // What stands in the column of the sum: the frame keeps it free.
    readonly property real asideHeight: beside ? choices.height + (leaf.aside && leaf.height > 0 ? leaf.height + close : 0) : 0
    readonly property real needed: beside ? table.y + table.height : choices.foot + page.close * 1.5 + choices.height
    // What stands above the page's own top: the heads, where the table itself begins at the lowest reach.
    readonly property real over: lowered && bills.count > 0 ? head.height : 0
    readonly property real close: Theme.gap / 2
    readonly property bool lowered: Theme.low && Theme.form === "lobby"
    readonly property real tickWidth: Theme.iconText + Theme.gap

    BillColumns {
        id: columns
        width: page.width - Theme.gap - page.tickWidth
        rows: bills
        labels: Page.billColumns
        labelSize: Theme.form === "lobby" ? Theme.service : Fit.plainSmall
        wanted: Theme.form === "lobby" && !Theme.low ? Fit.plain : Theme.large && Page.billCount > 3 ? Fit.plainService : Theme.service
        least: Theme.form === "lobby" ? Theme.small : Fit.plainSmall
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

                width: columns.widths[index]
                visible: width > 0
                horizontalAlignment: index === 0 ? Text.AlignLeft : Text.AlignRight
                text: columns.folded && index === 1 ? modelData + "\n" + Page.billColumns[2] : modelData
                size: columns.labelSize
                lineHeight: Theme.tight
                color: Theme.text2
            }
        }
    }

    Column {
        id: table
        y: page.lowered || bills.count === 0 ? 0 : head.height
        width: page.width
        spacing: page.close * (Page.billCount > 4 ? 0.7 : 1)

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
                arg: number
                indent: page.tickWidth
                layout: columns
                width: page.width
                chosen: selected
            }
        }
    }

    // Leafing stands under the table; on the smallest form there is room for it only beside.
    ChoiceGrid {
        id: leaf
        readonly property bool aside: page.beside
        x: aside ? choices.x : 0
        y: aside ? choices.y - (height > 0 ? height + page.close : 0) : table.y + table.height + page.close
        width: aside ? choices.width : page.width
        model: Page.leaf
        columns: aside ? 1 : 2
        terse: aside
        spacing: page.close
        tight: true
        icons: Theme.form === "lobby" && !Theme.large && !Theme.low
        // Words on two lines would take the sum its place.
        labelSize: Theme.form === "through" ? Fit.plainService : Theme.service
        room: 0
    }

    ChoiceGrid {
        id: choices
        readonly property real foot: page.beside ? 0 : leaf.height > 0 ? leaf.y + leaf.height : bills.count > 0 ? table.y + table.height : 0
        x: page.beside ? Theme.showRect.x - page.parent.x : 0
        y: page.beside ? page.height - height : foot + (foot > 0 ? page.close * 1.5 : 0)
        width: page.beside ? page.parent.x - Theme.showRect.x - Theme.gapGroup : parent.width
        columns: page.beside ? 1 : Math.min(count, 3)
        spacing: page.beside ? page.close : Theme.gap
        tight: true
        icons: false
        labelSize: Theme.large && !page.beside ? Math.max(Theme.service * 1.15, Fit.plainLabel) : Fit.plainLabel
        detailSize: page.beside ? Fit.plainService : Theme.service
        details: !(leaf.aside && leaf.count > 0)
        room: 0
    }
}
