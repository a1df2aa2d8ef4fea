import QtQuick
import Kiosk
import Kiosk.Model

// The code that a phone scans, always dark on white with its quiet zone, and the time that is left for it.
Item {
    id: page

    readonly property bool coded: (Page.code.text ?? "") !== ""
    readonly property bool waits: (Page.code.name ?? "") === ""
    readonly property bool timed: Page.secondsLeft >= 0 && coded
    // No smaller than 60 mm: a phone is held at arm's length.
    readonly property real least: Theme.pxPerMm * 60
    // Where the form is low the words stand beside the code.
    readonly property bool beside: Theme.form !== "lobby" && (Page.code.hint ?? "") !== ""
    readonly property real words: told.height + Theme.gap * 1.5
    readonly property real needed: beside ? Math.max(least + Theme.gap, words) : least + words + Theme.gap

    Card {
        id: board
        width: page.width
        height: Math.max(page.height, 1)

        Item {
            id: place
            readonly property real side: Math.floor(Math.max(Math.min(width, height, Theme.pxPerMm * 120), 1))
            x: Theme.gap / 2
            y: Theme.gap / 2
            width: page.beside ? Math.min(board.width * 0.52, height) : board.width - x * 2
            height: Math.max(board.height - y * 2 - (page.beside ? 0 : page.words), 1)

            Image {
                anchors.centerIn: parent
                visible: page.coded
                // Whole pixels for each module; the picture is as large as that comes to.
                sourceSize: Qt.size(place.side, place.side)
                source: page.coded ? "image://code/" + encodeURIComponent(Page.code.text) : ""
                cache: false
                smooth: false
                Accessible.role: Accessible.Graphic
                Accessible.name: Page.code.name ?? ""
            }

            Icon {
                anchors.centerIn: parent
                height: Math.min(place.side, Theme.tileHeight * 1.6)
                width: height * 0.8
                visible: !page.coded && height >= Theme.iconTile
                name: page.waits ? "hourglass" : "phone_scan"
                ink: Theme.action
                ground: board.color
            }
        }

        Column {
            id: told
            x: page.beside ? place.x + place.width + Theme.gap : board.pad
            y: page.beside ? (board.height - height) / 2 : board.height - height - Theme.gap * 0.75
            width: board.width - x - board.pad
            spacing: Theme.gap

            KioskText {
                width: parent.width
                visible: text !== ""
                horizontalAlignment: page.beside ? Text.AlignLeft : Text.AlignHCenter
                text: Page.code.hint ?? ""
                size: Fit.body
                strong: true
                lineHeight: Theme.tight
            }

            KioskText {
                id: time
                readonly property int seconds: Math.max(Page.secondsLeft, 0)
                width: parent.width
                visible: page.timed
                horizontalAlignment: page.beside ? Text.AlignLeft : Text.AlignHCenter
                text: (Page.code.left ?? "") + " " + Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0")
                size: Fit.body
                lineHeight: Theme.tight
                color: Theme.text2
            }

            Rectangle {
                id: bar
                readonly property real part: Math.min(1, time.seconds / Math.max(Page.code.lasts_s ?? 0, time.seconds, 1))
                width: parent.width
                height: Math.max(Theme.gap / 2, 10)
                visible: page.timed
                radius: height / 2
                color: Theme.dark ? Theme.surface : Theme.tint
                border.width: 2
                border.color: Theme.control

                Rectangle {
                    width: Math.max(parent.width * bar.part, parent.height)
                    height: parent.height
                    radius: height / 2
                    color: Theme.action
                }
            }
        }
    }
}
