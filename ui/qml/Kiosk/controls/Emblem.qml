import QtQuick
import Kiosk

// The kiosk's sign: a bolt in calm rings.
Item {
    id: emblem

    height: width

    Repeater {
        model: [1, 0.8, 0.6]

        Rectangle {
            required property real modelData
            anchors.centerIn: parent
            width: emblem.width * modelData
            height: width
            radius: width / 2
            color: Theme.dark ? "transparent" : Qt.rgba(1, 1, 1, 0.07)
            border.width: Theme.dark ? Theme.border : 0
            border.color: Theme.action
        }
    }

    Icon {
        anchors.centerIn: parent
        size: parent.width * 0.42
        name: "bolt"
        ink: Theme.headerInk
        ground: Theme.header
    }
}
