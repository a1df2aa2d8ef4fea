import QtQuick
import Kiosk
import Kiosk.Model

// A number typed on a pad laid out like a telephone: 1 2 3 on top, 0 below 8. The pad never moves under the finger.
Item {
    id: page

    readonly property bool tall: Theme.form === "lobby"
    readonly property bool lowered: tall && Theme.low
    readonly property real needed: lowered ? Theme.workRect.height + told.height + Theme.gapGroup * 2 : tall ? pad.least + told.height + (others.height > 0 ? others.height + Theme.gap : 0) + Theme.gap : Math.max((Theme.floorTarget + Theme.gap) * 4, told.height + others.height + Theme.gap / 2)
    readonly property bool letters: Page.entry.letters ?? false
    readonly property bool wrong: (Page.entry.error ?? "") !== ""

    Column {
        id: told
        y: page.lowered ? -height - Theme.gapGroup : 0
        readonly property real room: page.lowered ? 0 : page.tall ? page.height - pad.height - Theme.gap * 2 - others.height : others.y - Theme.gap / 2
        width: page.tall ? page.width : (page.width - Theme.gapGroup) * (page.letters ? 0.48 : 0.56)
        spacing: Theme.gap / 2
        transformOrigin: Item.TopLeft
        scale: room > 0 ? Math.min(1, room / height) : 1

        KioskText {
            width: parent.width
            visible: text !== "" && !(Theme.large && page.tall)
            text: Page.entry.label ?? ""
            size: Fit.body
            strong: true
            lineHeight: Theme.tight
        }

        Card {
            width: parent.width
            height: Math.max(typed.height + Theme.gap / 2, Theme.standardHeight)
            border.width: Theme.border * (page.wrong ? 2 : 1)
            border.color: page.wrong ? Theme.danger : Theme.control
            Accessible.role: Accessible.StaticText
            Accessible.name: (Page.entry.label ?? "") + " " + (Page.entry.value ?? "")

            KioskText {
                id: typed
                readonly property bool empty: (Page.entry.value ?? "") === ""
                x: parent.pad
                width: parent.width - x * 2 - (whole.visible ? whole.width : 0)
                anchors.verticalCenter: parent.verticalCenter
                text: empty ? Page.entry.placeholder ?? "" : Page.entry.value
                // A number is not broken in two as long as one line holds it in nearly the same size.
                readonly property int wanted: empty ? Fit.body : page.tall ? Fit.subtitle : Fit.label
                readonly property int fitting: Math.floor(wanted * width / Math.max(probe.advanceWidth, 1)) - 1
                size: fitting < wanted && fitting >= wanted * 0.72 ? fitting : wanted
                strong: !empty
                lineHeight: Theme.tight
                color: empty ? Theme.placeholder : Theme.text
                Accessible.ignored: true

                TextMetrics {
                    id: probe
                    font.family: Theme.font
                    font.pixelSize: typed.wanted
                    font.bold: !typed.empty
                    text: typed.text
                }
            }

            Icon {
                id: whole
                anchors.right: parent.right
                anchors.rightMargin: parent.pad
                anchors.verticalCenter: parent.verticalCenter
                visible: (Page.entry.complete ?? false) && !page.wrong
                name: "success"
                ink: Theme.success
                ground: parent.color
            }
        }

        NoticeBand {
            width: parent.width
            visible: page.wrong && !page.tall
            notice: ({tone: "danger", title: Page.entry.error ?? ""})
            size: Fit.body
        }

        KioskText {
            width: parent.width
            visible: text !== "" && (!page.wrong || page.tall)
            text: Page.entry.hint ?? ""
            size: Fit.body
            lineHeight: Theme.tight
            color: Theme.text2
        }
    }

    ChoiceGrid {
        id: others
        y: page.lowered ? 0 : page.tall ? pad.y - Theme.gap - height : page.height - height
        width: page.lowered ? page.width - pad.width - Theme.gapGroup : told.width
        details: !page.lowered
        columns: count < 3 || page.lowered ? 1 : page.tall ? count : 2
        labelSize: page.tall ? Theme.label : Fit.plainLabel
        room: 0
    }

    Item {
        id: pad
        readonly property real spacing: Theme.gap
        // Said without the height that the page has, which follows from what the page says it needs.
        readonly property real least: Theme.standardHeight * 4 + spacing * 3
        readonly property int columns: page.letters ? 5 : 3
        readonly property real room: page.height - (page.tall && !page.lowered ? told.height + Theme.gapGroup / 2 : 0)
        readonly property real side: page.lowered && others.height > 0 ? page.width * 0.64
            : page.tall ? page.width : page.width - told.width - Theme.gapGroup
        readonly property real cell: Math.min((page.height - spacing * 3) / 4, page.tall && !page.lowered ? Theme.standardHeight : Theme.mainHeight * 1.2)
        readonly property real unit: (side - spacing * (columns - 1)) / columns
        // Beside letters the keys that are words share what is left of the last row.
        readonly property real wide: page.letters ? (unit * 3 + spacing) / 2 : unit

        x: page.width - width
        y: page.height - height
        width: side
        height: cell * 4 + spacing * 3

        Repeater {
            model: page.letters ? ["1", "2", "3", "A", "B", "4", "5", "6", "C", "D", "7", "8", "9", "E", "F", "", "0", "clear", "delete"]
                : ["1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "delete"]

            DigitKey {
                required property string modelData
                required property int index
                readonly property bool digit: modelData.length === 1
                readonly property int column: index % pad.columns
                visible: modelData !== ""
                x: column * (pad.unit + pad.spacing) + (page.letters && modelData === "delete" ? pad.wide - pad.unit : 0)
                y: Math.floor(index / pad.columns) * (pad.cell + pad.spacing)
                width: digit ? pad.unit : pad.wide
                height: pad.cell
                key: digit ? "key" : modelData
                arg: digit ? modelData : ""
                label: digit ? modelData : Page.padWords[modelData] ?? ""
                icon: digit ? "" : modelData
            }
        }
    }
}
