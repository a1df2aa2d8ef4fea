import QtQuick
import Kiosk

// A page's picture, as high as `room`; left out where there is no room for it to be understood.
Icon {
    property real room
    readonly property bool wide: ["insert_note", "take_note", "take_receipt", "insert_card", "closed", "kiosk"].includes(name)

    visible: name !== "" && room >= Theme.iconTile
    height: Math.max(room, 0)
    width: wide ? height / 0.6 : height
    ground: Theme.page
}
