import QtQuick
import Kiosk

// Always beside words, so no reader needs it.
Image {
    property string name
    property color ink: Theme.action
    property color ground: Theme.surface
    property int size: Theme.iconText

    width: size
    height: size
    sourceSize: Qt.size(width, height)
    source: name === "" || width < 2 || height < 2 ? "" : "image://icon/" + name + "/" + String(ink).slice(1) + "/" + String(ground).slice(1)
    Accessible.ignored: true
}
