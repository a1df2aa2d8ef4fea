import QtQuick
import Kiosk

KioskButton {
    id: service

    property string label
    property string icon
    property string reason
    readonly property bool beside: Theme.form !== "lobby"

    look: "quiet"
    spoken: [label, usable ? "" : reason].filter(part => part).join(", ")

    Grid {
        anchors.centerIn: parent
        columns: service.beside ? 2 : 1
        columnSpacing: Theme.gap / 3
        horizontalItemAlignment: Grid.AlignHCenter
        verticalItemAlignment: Grid.AlignVCenter

        Icon {
            size: Theme.serviceIcon
            visible: name !== ""
            name: service.icon
            ink: service.mark
            ground: service.ground
        }

        // The word gives way to the key's width; the box around it keeps the icon in its place.
        Item {
            readonly property real room: service.width - 14 - (service.beside ? Theme.serviceIcon + Theme.gap / 3 : 0)
            width: Math.min(word.implicitWidth, room)
            height: word.height

            KioskText {
                id: word
                anchors.centerIn: parent
                wrapMode: Text.NoWrap
                scale: Math.min(1, parent.room / implicitWidth)
                text: service.label
                size: Theme.service
                lineHeight: Theme.tight
                strong: true
                color: service.ink
                Accessible.ignored: true
            }
        }
    }
}
