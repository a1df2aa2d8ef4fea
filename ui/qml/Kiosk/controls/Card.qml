import QtQuick
import Kiosk

Rectangle {
    property int pad: Theme.gap

    color: Theme.surface
    radius: Theme.radius
    border.width: Theme.dark ? Theme.border : 2
    border.color: Theme.line
}
