import QtQuick
import Kiosk
import Kiosk.Model

// The honest panel: the amount, what it is made of, what happens to the rest. Beside one another where the form is wide.
Card {
    id: money

    property bool promised: true
    property bool brief: false
    property bool split: false
    readonly property bool small: Theme.form !== "lobby"
    readonly property bool upright: Theme.form === "wall" || split || (Theme.form === "lobby" && (Page.kind === "result" || rows.widest > inner * 0.44 || Theme.large))
    readonly property bool strip: Theme.form === "through" && !split
    readonly property real inner: width - pad * 2
    readonly property real amountRoom: upright ? inner : inner * 0.54
    readonly property string headline: Page.panel.headline ?? ""

    implicitHeight: body.implicitHeight + pad * (strip ? 0.8 : 1.6)
    Accessible.role: Accessible.Pane
    Accessible.name: (Page.panel.headline_label ?? "") + " " + headline

    Rectangle {
        x: money.border.width
        y: money.radius / 2
        width: money.strip ? 0 : Theme.border * 2
        height: parent.height - money.radius
        color: Theme.action
    }

    Column {
        id: body
        x: money.pad
        y: money.pad * (money.strip ? 0.4 : 0.8)
        width: money.inner
        spacing: money.strip ? 0 : Theme.gap / 2

        Grid {
            width: parent.width
            columns: money.upright ? 1 : 2
            columnSpacing: Theme.gap
            rowSpacing: Theme.gap / 2
            verticalItemAlignment: Grid.AlignVCenter

            Column {
                width: money.amountRoom - (money.upright ? 0 : Theme.gap / 2)

                KioskText {
                    width: parent.width
                    text: Page.panel.headline_label ?? ""
                    size: money.strip ? Fit.service : Fit.body
                    lineHeight: Theme.tight
                    color: Theme.text2
                }

                KioskText {
                    objectName: "amount"
                    width: parent.width
                    text: money.headline
                    size: Math.max(Math.min(Fit.amount, probe.fit), Theme.small)
                    strong: true
                    lineHeight: 0.8
                    wrapMode: Text.NoWrap
                    color: Theme.amountInk

                    TextMetrics {
                        id: probe
                        readonly property int fit: Math.floor((money.amountRoom - Theme.gap / 2) / Math.max(advanceWidth, 1) * 98)
                        font.family: Theme.font
                        font.pixelSize: 100
                        font.bold: true
                        text: money.headline
                    }
                }
            }

            RowList {
                id: rows
                visible: !money.brief
                skip: money.small ? Page.panel.headline_label ?? "" : ""
                width: money.upright ? money.inner : money.inner - money.amountRoom - Theme.gap / 2
                model: Page.panelRows
                size: money.small ? Fit.service : Fit.body
            }
        }

        KioskText {
            width: parent.width
            visible: text !== "" && money.promised
            text: Page.panel.promise ?? ""
            size: money.small ? Fit.service : Fit.body
            lineHeight: Theme.tight
            color: Theme.text2
        }
    }
}
