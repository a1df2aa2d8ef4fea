import QtQuick
import Kiosk
import Kiosk.Model

// Words at once, a turning ring when it takes longer than a blink.
Item {
    id: page

    Timer {
        interval: 400
        running: true
        onTriggered: ring.late = true
    }

    Item {
        id: ring
        property bool late: false
        // A ring too small to be seen turning would be a blot.
        visible: late && width >= Theme.iconText
        anchors.horizontalCenter: parent.horizontalCenter
        y: Math.max((choices.start - height) / 2, 0)
        width: Math.min(Theme.tileHeight * 1.2, choices.start)
        height: width

        Repeater {
            model: 8

            Rectangle {
                required property int index
                readonly property real turn: index / 8 * 2 * Math.PI
                readonly property int age: (index - page.tick + 8) % 8
                width: ring.width / 8
                height: width
                radius: width / 2
                x: ring.width / 2 + Math.sin(turn) * ring.width * 0.4 - width / 2
                y: ring.height / 2 - Math.cos(turn) * ring.height * 0.4 - height / 2
                color: age > 4 ? Theme.action : Theme.line
            }
        }
    }

    property int tick: 0

    Timer {
        interval: 250
        repeat: true
        running: ring.visible
        onTriggered: page.tick = (page.tick + 1) % 8
    }

    ChoiceGrid {
        id: choices
        readonly property real start: note.y - height
        y: start
        width: parent.width
        room: Theme.tileHeight
    }

    KioskText {
        id: note
        y: parent.height - (visible ? height : 0)
        width: parent.width
        text: Page.footnote
        visible: text !== ""
        size: Theme.service
        color: Theme.text2
    }
}
