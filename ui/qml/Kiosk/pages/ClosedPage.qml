import QtQuick
import Kiosk
import Kiosk.Model

Item {
    id: page

    Facts {
        id: facts
        width: parent.width
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
        y: parent.height - height
        width: parent.width
        text: Page.footnote
        visible: text !== ""
        height: visible ? implicitHeight : 0
        size: Theme.small
        color: Theme.text2
    }
}
