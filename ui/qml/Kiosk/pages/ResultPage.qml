import QtQuick
import Kiosk
import Kiosk.Model

// How it ended; state and amount stand above, here the reference, whom to call and what can be done next.
Item {
    id: page

    readonly property real needed: (facts.visible ? facts.height : 0) + (note.visible ? note.height : 0)

    Facts {
        id: facts
        width: parent.width
        visible: filled && !(Theme.form === "wall" && Page.panel.headline)
        room: Math.max(note.y, 1)
    }

    ChoiceGrid {
        id: choices
        y: Theme.low ? note.y - height - Theme.gap : facts.visible ? facts.height + Theme.gap : 0
        width: parent.width
        room: Math.max(note.y - facts.height - Theme.gap * 2, 0)
    }

    KioskText {
        id: note
        y: parent.height - (visible ? height : 0)
        width: parent.width
        text: Page.footnote
        visible: text !== ""
        size: Theme.small
        color: Theme.text2
    }
}
