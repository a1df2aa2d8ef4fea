import QtQuick
import Kiosk
import Kiosk.Model

Item {
    id: page

    readonly property real needed: (facts.visible ? facts.height : 0) + (note.visible ? note.height : 0)

    Facts {
        id: facts
        width: parent.width
        room: Math.max(note.y, 1)
        optional: true
    }

    Picture {
        anchors.horizontalCenter: parent.horizontalCenter
        y: facts.height + (note.y - facts.height - height) / 2
        room: Math.min(note.y - facts.height - Theme.gap * 2, Theme.tileHeight * 2)
        name: Page.picture
        ink: Theme.text2
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
