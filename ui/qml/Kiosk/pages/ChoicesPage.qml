import QtQuick
import Kiosk
import Kiosk.Model

Item {
    readonly property real needed: choices.least + (note.visible ? note.height + Theme.gap : 0)

    ChoiceGrid {
        id: choices
        width: parent.width
        room: parent.height - (note.visible ? note.height + Theme.gap : 0)
    }

    KioskText {
        id: note
        y: parent.height - height
        width: parent.width
        visible: text !== ""
        text: Page.footnote
        size: Theme.service
        color: Theme.text2
    }
}
