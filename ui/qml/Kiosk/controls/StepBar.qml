import QtQuick
import Kiosk
import Kiosk.Model

// The way in named steps: done with a tick, now filled, next in outline.
Item {
    id: bar

    readonly property bool beside: Theme.form === "wall"

    Row {
        anchors.fill: parent
        visible: steps.count > 0

        Repeater {
            id: steps
            model: Page.steps

            Item {
                id: step
                required property int index
                required property string name
                required property string stage
                readonly property bool now: stage === "now"

                width: bar.width / steps.count
                height: bar.height

                Rectangle {
                    visible: step.index > 0 && !bar.beside
                    anchors.right: dot.left
                    anchors.rightMargin: Theme.gap / 3
                    y: dot.y + dot.height / 2 - height / 2
                    width: step.width - dot.width - Theme.gap / 1.5
                    height: 4
                    radius: 2
                    color: step.stage === "next" ? Theme.line : Theme.action
                }

                Rectangle {
                    id: dot
                    x: bar.beside ? 0 : (step.width - width) / 2
                    y: (bar.height - height - (bar.beside ? 0 : name.height)) / 2
                    width: Theme.small * 1.6
                    height: width
                    radius: width / 2
                    color: step.stage === "next" ? Theme.surface : Theme.action
                    border.width: 3
                    border.color: step.stage === "next" ? Theme.control : Theme.action

                    Icon {
                        anchors.centerIn: parent
                        visible: step.stage === "done"
                        size: parent.width * 0.55
                        name: "tick"
                        ink: Theme.actionInk
                        ground: Theme.action
                    }

                    KioskText {
                        anchors.centerIn: parent
                        visible: step.stage !== "done"
                        text: step.index + 1
                        size: Theme.small
                        strong: true
                        color: step.now ? Theme.actionInk : Theme.text2
                        Accessible.ignored: true
                    }
                }

                KioskText {
                    id: name
                    x: bar.beside ? dot.width + Theme.gap / 2 : 0
                    y: bar.beside ? (bar.height - height) / 2 : dot.y + dot.height
                    width: parent.width - x
                    horizontalAlignment: bar.beside ? Text.AlignLeft : Text.AlignHCenter
                    text: step.name
                    size: Theme.service
                    strong: step.now
                    lineHeight: Theme.tight
                    wrapMode: Text.NoWrap
                    color: step.now ? Theme.text : Theme.text2
                }
            }
        }
    }
}
