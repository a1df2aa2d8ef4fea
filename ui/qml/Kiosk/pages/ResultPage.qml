import QtQuick
import Kiosk
import Kiosk.Model

// How it ended; state and amount stand above, here the reference, whom to call and what can be done next.
Item {
    id: page

    Facts {
        id: facts
        width: parent.width
    }

    ChoiceGrid {
        id: choices
        y: Theme.low ? note.y - height - Theme.gap : facts.height + (facts.filled ? Theme.gap : 0)
        width: parent.width
        room: Math.max(note.y - facts.height - Theme.gap * 2, 0)
    }

    KioskText {
        id: note
        y: parent.height - height
        width: parent.width
        text: Page.footnote
        visible: text !== ""
        height: visible ? implicitHeight : 0
        size: Theme.small
        color: Theme.text2
    }
}
