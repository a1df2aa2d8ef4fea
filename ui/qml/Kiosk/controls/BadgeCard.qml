import QtQuick
import Kiosk

// One device or service before the first touch: works, or why not.
Card {
    id: badge

    property string label
    property bool works
    property string reason
    // Where many stand in large type there is room for the names only.
    property bool terse: false

    implicitHeight: told.implicitHeight + Theme.gap
    color: works ? Theme.surface : Theme.disabledGround
    Accessible.role: Accessible.StaticText
    Accessible.name: works ? label : label + ", " + reason

    Icon {
        id: sign
        x: Theme.gap * 0.75
        anchors.verticalCenter: parent.verticalCenter
        name: badge.works ? "success" : "off"
        ink: badge.works ? Theme.success : Theme.disabled
        ground: badge.color
    }

    Column {
        id: told
        anchors.left: sign.right
        anchors.right: parent.right
        anchors.margins: Theme.gap / 2
        anchors.verticalCenter: parent.verticalCenter

        KioskText {
            width: parent.width
            text: badge.label
            size: Fit.plain
            strong: true
            lineHeight: Theme.tight
            color: badge.works ? Theme.text : Theme.disabled
            Accessible.ignored: true
        }

        KioskText {
            width: parent.width
            visible: text !== "" && !badge.terse
            text: badge.reason
            size: Theme.service
            lineHeight: Theme.tight
            color: badge.works ? Theme.text2 : Theme.disabled
            Accessible.ignored: true
        }
    }
}
