import QtQuick
import Kiosk
import Kiosk.Model

// The card and its slot, the words of the picture beneath it, and the facts where the frame does not show them.
Item {
    id: page

    readonly property bool factual: facts.filled && (Theme.form === "lobby" || (Page.panel.headline ?? "") === "")
    readonly property real below: factual ? facts.height * facts.scale + Theme.gap : 0
    // The picture gives way first, but never so far that the hand cannot be seen.
    readonly property real least: words.height + Theme.gap + Theme.tileHeight * (Theme.form !== "lobby" ? 0.8 : Theme.large ? 0.9 : 1.15)
    readonly property real needed: least + (factual ? facts.height + Theme.gap : 0)

    Connections {
        target: Page
        function onTurned() {
            guide.begin()
        }
    }

    Card {
        id: board
        width: page.width
        height: Math.max(page.height - page.below, 1)
        Accessible.role: Accessible.Graphic
        Accessible.name: Page.guide.name ?? ""
        Accessible.description: Page.guide.text ?? ""

        CardGuide {
            id: guide
            x: Theme.gap / 2
            y: Theme.gap / 2
            width: parent.width - x * 2
            height: words.y - y * 1.5
            visible: height >= Theme.iconTile
            kind: Page.guide.kind ?? ""
            ground: board.color
        }

        KioskText {
            id: words
            x: board.pad
            y: parent.height - height - Theme.gap / 2
            width: parent.width - x * 2
            horizontalAlignment: Text.AlignHCenter
            text: Page.guide.text ?? ""
            // One line, where it holds the words in nearly the same size.
            readonly property int wanted: Theme.form === "lobby" ? Fit.subtitle : Fit.body
            readonly property int fitting: Math.floor(wanted * width / Math.max(probe.advanceWidth, 1)) - 1
            size: fitting < wanted && fitting >= wanted * 0.8 ? fitting : wanted
            strong: true
            lineHeight: Theme.tight

            TextMetrics {
                id: probe
                font.family: Theme.font
                font.pixelSize: words.wanted
                font.bold: true
                text: words.text
            }
        }
    }

    Facts {
        id: facts
        y: page.height - height * scale
        width: page.width
        visible: page.factual
        room: Math.max(page.height - page.least - Theme.gap, 1)
    }
}
