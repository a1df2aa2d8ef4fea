import QtQuick
import Kiosk
import Kiosk.Model

// How many digits of the PIN are in, and where they are typed: at the PIN pad, under a hand. Nothing is typed here.
Item {
    id: page

    readonly property bool factual: facts.filled && Theme.form === "lobby"
    readonly property real below: factual ? facts.height * facts.scale + Theme.gap : 0
    // The picture gives way first.
    readonly property real needed: typed.height + (factual ? facts.height + Theme.gap : 0) + (Theme.large || (Page.notice.title ?? "") !== "" ? 0 : Theme.tileHeight * 0.7) + Theme.gap

    Card {
        id: typed
        width: page.width
        height: told.height + pad * 1.4
        border.width: Theme.border
        border.color: Theme.control
        Accessible.role: Accessible.StaticText
        Accessible.name: Page.entry.label ?? ""

        Column {
            id: told
            x: typed.pad
            y: typed.pad * 0.7
            width: parent.width - x * 2
            spacing: Theme.gap / 2

            KioskText {
                width: parent.width
                readonly property bool empty: (Page.entry.value ?? "") === ""
                horizontalAlignment: Text.AlignHCenter
                text: empty ? Page.entry.placeholder ?? "" : Page.entry.value
                // The same height with and without digits: nothing moves while they are typed.
                size: empty ? Fit.body : Math.min(Fit.subtitle, Math.floor(width / Math.max(text.length, 1) * 0.9))
                height: Fit.subtitle * 1.5
                verticalAlignment: Text.AlignVCenter
                strong: !empty
                color: empty ? Theme.placeholder : Theme.text
                Accessible.ignored: true
            }

            KioskText {
                width: parent.width
                text: Page.entry.hint ?? ""
                size: Fit.body
                lineHeight: Theme.tight
                color: Theme.text2
            }
        }
    }

    Card {
        readonly property real room: page.height - typed.height - page.below - Theme.gap
        y: typed.height + Theme.gap
        width: page.width
        height: Math.max(room, 1)
        visible: room > Theme.iconTile

        Icon {
            anchors.centerIn: parent
            height: Math.max(Math.min(parent.height - Theme.gap, (parent.width - Theme.gap * 2) * 0.6), 1)
            width: height / 0.75
            name: Page.picture
            ink: Theme.text
            ground: parent.color
        }
    }

    Facts {
        id: facts
        y: page.height - height * scale
        width: page.width
        visible: page.factual
        room: Math.max(page.height - typed.height - Theme.gap, 1)
    }
}
