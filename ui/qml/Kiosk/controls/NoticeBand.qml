import QtQuick
import Kiosk

// What happened, by shape, colour and words together.
Rectangle {
    id: band

    property var notice: ({})
    property bool terse: false
    property int size: Theme.body
    readonly property string tone: notice.tone ?? "info"
    readonly property color ink: Theme[tone]

    visible: (notice.title ?? "") !== ""
    implicitHeight: words.implicitHeight + Theme.gap * 1.4
    radius: Theme.radius
    color: Theme[tone + "Ground"]
    border.width: Theme.border
    border.color: ink
    Accessible.role: Accessible.AlertMessage
    Accessible.name: [notice.title, notice.text].filter(part => part).join(" ")

    Icon {
        id: shape
        x: Theme.gap
        anchors.verticalCenter: parent.verticalCenter
        size: band.size < Theme.body ? Theme.iconText : Theme.iconTile * 0.75
        name: band.tone
        ink: band.ink
        ground: band.color
    }

    Column {
        id: words
        anchors.left: shape.right
        anchors.right: parent.right
        anchors.margins: Theme.gap
        anchors.verticalCenter: parent.verticalCenter

        KioskText {
            width: parent.width
            text: band.notice.title ?? ""
            size: band.size
            strong: true
            lineHeight: Theme.tight
            color: band.ink
        }

        KioskText {
            width: parent.width
            visible: text !== "" && !band.terse
            text: band.notice.text ?? ""
            size: band.size
            lineHeight: Theme.tight
            color: Theme.dark ? Theme.text : band.ink
        }
    }
}
