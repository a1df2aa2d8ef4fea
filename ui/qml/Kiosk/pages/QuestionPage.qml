import QtQuick
import Kiosk
import Kiosk.Model

// A question over another page: how long is left in large figures, or a picture, and what can be done.
Item {
    id: page

    readonly property real needed: (facts.visible ? facts.height : 0) + (Page.secondsLeft >= 0 ? (Theme.form === "through" ? Theme.standardHeight : Theme.tileHeight * 0.85) + Theme.gap * 2 : 0)

    readonly property real space: choices.y - (facts.visible ? facts.height : 0) - Theme.gap * 2
    readonly property real round: Math.max(Math.min(Theme.tileHeight * 1.6, space), 0)

    Facts {
        id: facts
        width: parent.width
        room: Math.max(page.height, 1)
        optional: true
        visible: filled && !(Theme.form === "through" && Page.panel.headline)
    }

    Rectangle {
        anchors.horizontalCenter: parent.horizontalCenter
        y: (facts.visible ? facts.height : 0) + Theme.gap + (page.space - height) / 2
        visible: Page.secondsLeft >= 0
        width: page.round
        height: width
        radius: width / 2
        color: Theme.warningGround
        border.width: Theme.border * 2
        border.color: Theme.warning
        Accessible.role: Accessible.StaticText
        Accessible.name: Page.secondsLeft

        KioskText {
            anchors.centerIn: parent
            text: Page.secondsLeft
            size: Math.max(Math.min(Theme.amount, parent.width * 0.55), Theme.small)
            strong: true
            lineHeight: 0.8
            color: Theme.warning
            Accessible.ignored: true
        }
    }

    Picture {
        anchors.horizontalCenter: parent.horizontalCenter
        y: (facts.visible ? facts.height : 0) + Theme.gap + (page.space - height) / 2
        room: Page.secondsLeft >= 0 ? 0 : page.round
        name: Page.picture
    }

    ChoiceGrid {
        id: choices
        y: page.height - height
        width: parent.width
        room: Theme.tileHeight * 2
    }
}
