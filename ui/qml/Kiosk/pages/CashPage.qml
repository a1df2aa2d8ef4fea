import QtQuick
import Kiosk
import Kiosk.Model

// What just happened at the note slot, and the slot of this very kiosk with an arrow.
Item {
    id: page

    // The slot's picture gives way first. What is told stands under the card there and keeps its width: a little slack,
    // or the last pixel would scale it.
    readonly property real needed: told.height + (told.height > 0 && Theme.form === "lobby" ? Theme.gap / 4 : 0)

    Column {
        id: told
        width: parent.width
        spacing: Theme.gap
        transformOrigin: Item.TopLeft
        scale: Math.min(1, page.height / Math.max(height, 1))

        NoticeBand {
            width: parent.width
            notice: Page.notice
            size: Fit.body
        }

        KioskText {
            width: parent.width
            visible: text !== ""
            text: Page.footnote
            size: Fit.body
            lineHeight: Theme.tight
            color: Theme.text2
        }
    }

    Card {
        id: slot
        readonly property real room: page.height - told.height - (told.height > 0 ? Theme.gap : 0)
        y: page.height - height
        width: parent.width
        height: Math.max(room, 0)
        visible: room > Theme.iconTile * 1.3

        Picture {
            anchors.centerIn: parent
            room: Math.min(slot.room - slot.pad, (slot.width - slot.pad * 2) * 0.6)
            name: Page.picture
            ground: slot.color
        }
    }
}
