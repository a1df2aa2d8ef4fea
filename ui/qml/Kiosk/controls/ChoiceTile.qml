import QtQuick
import Kiosk

// Lying: icon left of the words. Standing, where there is height for it: icon above them.
KioskButton {
    id: tile

    property string label
    property string detail
    property string icon
    property string reason
    property bool detailed: true
    // Where there is room for one text only, what cannot be pressed says why instead of what.
    property bool terse: false
    property real least: Theme.standardHeight
    property int labelSize: Theme.label
    property int detailSize: Theme.service
    readonly property bool grand: height > Theme.tileHeight * 1.5 && width > height * 1.5
    readonly property string second: usable ? (detailed ? detail : "") : terse ? "" : reason
    readonly property bool standing: icon !== "" && height >= words.implicitHeight + plate.width + Theme.gap * 3
    // A narrow tile has room for its words only.
    readonly property bool slim: !standing && width < Theme.standardHeight * 3.2
    readonly property real indent: icon === "" || standing || slim ? 0 : plate.width + Theme.gap
    // Reading the height makes it count anew when the font comes.
    readonly property real longest: measure.height && Math.max(0, ...title.text.split(" ").filter(word => /^[¥!-~]+$/.test(word)).map(word => measure.advanceWidth(word)))

    FontMetrics {
        id: measure
        font.family: Theme.font
        font.bold: true
        font.pixelSize: tile.labelSize
    }

    look: "tile"
    implicitHeight: Math.max(words.implicitHeight + Theme.gap / 2, least)
    spoken: [label, usable ? detail : reason].filter(part => part).join(", ")

    Rectangle {
        id: plate
        x: Theme.gap
        y: tile.standing ? Theme.gap : (tile.height - height) / 2
        width: tile.grand ? Theme.iconTile * 1.6 : Math.min(Theme.iconTile * 1.25, Theme.standardHeight - Theme.gap, tile.width / 4)
        height: width
        radius: Theme.radius
        visible: tile.icon !== "" && !tile.slim
        color: tile.usable && !tile.down && !Theme.dark ? Theme.tint : "transparent"

        Icon {
            anchors.centerIn: parent
            size: parent.width * 0.68
            name: tile.icon
            ink: tile.mark
            ground: tile.usable && !tile.down && !Theme.dark ? Theme.tint : tile.ground
        }
    }

    Column {
        id: words
        x: Theme.gap + tile.indent
        y: tile.standing ? tile.height - height - Theme.gap : (tile.height - height) / 2
        width: tile.width - x - Theme.gap

        KioskText {
            id: title
            width: parent.width - (tick.visible ? tick.width + Theme.gap / 2 : 0)
            text: tile.terse && !tile.usable ? tile.reason : tile.label
            // No word is broken: a long one makes the label smaller.
            size: tile.longest > width && width > 0 ? Math.max(Theme.service, Math.floor(tile.labelSize * width / tile.longest)) : tile.labelSize
            strong: true
            lineHeight: Theme.tight
            color: tile.ink
            Accessible.ignored: true
        }

        KioskText {
            width: parent.width
            visible: text !== ""
            text: tile.second
            // An amount cannot be broken into lines.
            size: text.startsWith("¥") && !text.includes(" ") ? Math.max(Math.min(tile.detailSize, Math.floor(width / text.length / 0.58)), Theme.small * 0.9) : tile.detailSize
            lineHeight: Theme.tight
            color: tile.ink2
            Accessible.ignored: true
        }
    }

    Icon {
        id: tick
        anchors.right: parent.right
        anchors.rightMargin: Theme.gap
        y: words.y + (title.height - height) / 2
        visible: tile.chosen
        name: "success"
        ink: tile.mark
        ground: tile.ground
    }
}
