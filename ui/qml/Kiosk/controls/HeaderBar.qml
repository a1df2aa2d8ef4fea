import QtQuick
import Kiosk
import Kiosk.Model

Rectangle {
    id: header

    color: Theme.header

    Icon {
        id: logo
        x: Theme.margin
        anchors.verticalCenter: parent.verticalCenter
        name: "bolt"
        ink: Theme.headerInk
        ground: Theme.header
    }

    KioskText {
        id: terminal
        anchors.left: logo.right
        anchors.leftMargin: Theme.gap / 2
        anchors.verticalCenter: parent.verticalCenter
        visible: !compactSteps.visible
        text: Page.terminal
        size: Theme.small
        wrapMode: Text.NoWrap
        color: Theme.header2Ink
    }

    // On the smallest form the steps stand in the header: number and name of the step one is on.
    Row {
        id: compactSteps
        anchors.left: logo.right
        anchors.leftMargin: Theme.gap
        anchors.verticalCenter: parent.verticalCenter
        visible: Theme.form === "through" && steps.count > 0

        Repeater {
            id: steps
            model: Page.steps

            KioskText {
                required property int index
                required property string name
                required property string stage

                // When all are done the last one stands there, or nothing would.
                visible: stage === "now" || (stage === "done" && index === steps.count - 1)
                text: (index + 1) + "/" + steps.count + "  " + name
                size: Theme.service
                strong: true
                wrapMode: Text.NoWrap
                color: Theme.headerInk
            }
        }
    }

    Row {
        id: badges
        anchors.right: clock.left
        anchors.rightMargin: Theme.gap
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.gap
        // How many of the first have room beside all that do not work, which are always told.
        readonly property int fitting: {
            let used = 0
            for (let i = 0; i < shown.count; ++i)
                used += shown.itemAt(i)?.works ? 0 : (shown.itemAt(i)?.implicitWidth ?? 0) + spacing
            for (let i = 0; i < shown.count; ++i) {
                used += shown.itemAt(i)?.works ? (shown.itemAt(i)?.implicitWidth ?? 0) + spacing : 0
                if (used > room)
                    return i
            }
            return shown.count
        }
        readonly property real room: clock.x - Theme.gap * 2 - (compactSteps.visible ? compactSteps.x + compactSteps.width : terminal.x + terminal.width)

        Repeater {
            id: shown
            model: (Page.kind === "attract" && Theme.form === "lobby") || Page.kind === "closed" ? null : Page.badges

            Row {
                id: badge
                required property int index
                required property string label
                required property bool works
                required property string reason

                visible: !works || index < badges.fitting
                spacing: Theme.gap / 3
                Accessible.role: Accessible.StaticText
                Accessible.name: works ? label : label + " " + reason

                Icon {
                    anchors.verticalCenter: parent.verticalCenter
                    size: Theme.small
                    name: badge.works ? "success" : "off"
                    ink: Theme.header2Ink
                    ground: Theme.header
                }

                KioskText {
                    text: badge.label
                    size: Theme.small
                    wrapMode: Text.NoWrap
                    color: Theme.header2Ink
                    font.strikeout: !badge.works
                    Accessible.ignored: true
                }
            }
        }
    }

    KioskText {
        id: clock
        anchors.right: parent.right
        anchors.rightMargin: Theme.margin
        anchors.verticalCenter: parent.verticalCenter
        text: Page.clock
        size: Theme.small
        wrapMode: Text.NoWrap
        color: Theme.headerInk
    }
}
