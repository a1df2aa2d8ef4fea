import QtQuick
import Kiosk

KioskButton {
    id: digit

    property string label
    property string icon

    look: "key"
    // The same digit twice is wanted as often as not: account numbers are full of zeros.
    strikeFilter: Theme.keyFilter
    spoken: label

    Column {
        anchors.centerIn: parent
        scale: Math.min(1, (digit.height - 8) / height)

        Icon {
            anchors.horizontalCenter: parent.horizontalCenter
            visible: name !== "" && digit.height >= Theme.iconText + Theme.service * 2
            name: digit.icon
            ink: digit.mark
            ground: digit.ground
        }

        KioskText {
            anchors.horizontalCenter: parent.horizontalCenter
            width: Math.min(implicitWidth, digit.width - Theme.gap / 2)
            horizontalAlignment: Text.AlignHCenter
            text: digit.label
            size: digit.icon === "" ? Math.min(Theme.title, digit.height * 0.55) : Math.min(Theme.service, digit.height * 0.42)
            lineHeight: Theme.tight
            strong: true
            color: digit.ink
            Accessible.ignored: true
        }
    }
}
