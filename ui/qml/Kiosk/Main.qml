import QtQuick
import Kiosk
import Kiosk.Model

// The page frame: header, steps, what is shown only, what is asked, the work, the two actions, the service keys.
Rectangle {
    id: root

    readonly property bool attract: Page.kind === "attract"
    readonly property bool side: Theme.form === "wall"
    readonly property bool hasPanel: (Page.panel.headline ?? "") !== ""
    readonly property bool ownContext: ["check", "result", "question", "closed", "attract"].includes(Page.kind)
    readonly property bool shows: hasPanel || contextRows.shown
    // Pages whose body holds targets from its top on; the others keep theirs at their foot.
    readonly property bool targets: ["choices", "entry", "bills"].includes(Page.kind)
    readonly property bool outcomeFirst: Page.kind === "result" && !side
    readonly property real workLeft: side && !shows ? Theme.showRect.x : Theme.workRect.x
    readonly property real workWidth: side && !shows ? Theme.width - Theme.showRect.x * 2 : Theme.workRect.width
    readonly property real workBottom: Theme.workRect.y + Theme.workRect.height

    color: Theme.page

    focus: true
    Keys.onPressed: event => {
        Finger.byKey = true
        if (event.isAutoRepeat)
            return
        if (event.key === Qt.Key_Down || event.key === Qt.Key_Right)
            root.move(true)
        else if (event.key === Qt.Key_Up || event.key === Qt.Key_Left)
            root.move(false)
        else if (event.key === Qt.Key_Escape && back.visible)
            back.act()
        else if (Page.kind === "entry" && event.text >= "0" && event.text <= "9")
            Page.press("key", event.text)
        else if (Page.kind === "entry" && event.key === Qt.Key_Backspace)
            Page.press("delete", "")
    }

    function move(forward: bool) {
        const from = root.Window.activeFocusItem ?? root
        const to = from.nextItemInFocusChain(forward)
        to.forceActiveFocus(forward ? Qt.TabFocusReason : Qt.BacktabFocusReason)
    }

    Connections {
        target: Page
        function onTurned() {
            Finger.turn()
            root.forceActiveFocus()
            if (Theme.motion > 0)
                turning.restart()
        }
    }

    HeaderBar {
        x: Theme.headerRect.x
        y: Theme.headerRect.y
        width: Theme.headerRect.width
        height: Theme.headerRect.height
    }

    Item {
        id: sheet
        width: parent.width
        height: parent.height

        ParallelAnimation {
            id: turning
            NumberAnimation { target: sheet; property: "opacity"; from: 0; to: 1; duration: Theme.motion }
            NumberAnimation { target: sheet; property: "x"; from: Theme.gap; to: 0; duration: Theme.motion; easing.type: Easing.OutCubic }
        }

        StepBar {
            x: Theme.stepsRect.x
            y: Theme.stepsRect.y
            width: Theme.stepsRect.width
            height: Theme.stepsRect.height
            visible: height > 0 && !root.attract
        }

        Column {
            id: show
            x: Theme.showRect.x
            y: root.outcomeFirst ? ask.y + ask.height + Theme.gapGroup / 2 : Theme.showRect.y
            width: root.side ? Theme.showRect.width : Theme.width - Theme.showRect.x * 2
            spacing: Theme.gap
            visible: root.shows && !root.attract

            Card {
                id: contextRows
                readonly property bool shown: rows.count > 0 && !root.ownContext && !(Theme.form === "through" && root.hasPanel)
                width: parent.width
                visible: shown
                height: visible ? list.height + pad : 0
                color: root.side ? Theme.surface : "transparent"
                border.width: root.side ? 2 : 0

                Flow {
                    id: list
                    x: root.side ? parent.pad : 0
                    y: parent.pad / 2
                    width: parent.width - x * 2
                    spacing: Theme.gap

                    Repeater {
                        id: rows
                        model: Page.context

                        Flow {
                            required property string label
                            required property string value
                            readonly property real need: name.implicitWidth + what.implicitWidth + spacing
                            width: Math.min(need, list.width)
                            spacing: Theme.gap / 2

                            KioskText {
                                id: name
                                text: parent.label
                                size: Theme.service
                                color: Theme.text2
                                wrapMode: Text.NoWrap
                            }

                            KioskText {
                                id: what
                                width: Math.min(implicitWidth, list.width)
                                text: parent.value
                                size: Theme.service
                                strong: true
                            }
                        }
                    }
                }
            }

            MoneyCard {
                width: parent.width
                visible: root.hasPanel
            }
        }

        Question {
            id: ask
            readonly property bool hero: !root.shows && Theme.form === "lobby"
            readonly property real free: Theme.workRect.y - Theme.showRect.y - Theme.gapGroup

            x: root.workLeft
            y: root.side ? Theme.showRect.y
                : root.shows && !root.outcomeFirst ? Theme.showRect.y + show.height + Theme.gapGroup / 2
                : Theme.showRect.y + (hero ? root.targets ? Math.max((free - height) / 2, 0) : Theme.gapGroup : 0)
            width: root.workWidth
            visible: !root.attract
            stateIcon: Page.kind === "result" || Page.kind === "closed"
            noticed: Page.kind !== "cash" && Page.kind !== "attract"
        }

        Loader {
            id: body
            readonly property real above: root.outcomeFirst && root.shows ? show.y + show.height : ask.y + ask.height

            x: root.attract ? 0 : root.workLeft
            y: root.attract ? Theme.headerRect.height : Math.max(root.targets ? Theme.workRect.y : 0, above + Theme.gapGroup / 2)
            width: root.attract ? root.width : root.workWidth
            height: (root.attract ? Theme.actionsRect.y + Theme.actionsRect.height : root.workBottom) - y
            source: Page.kind === "" ? "" : "pages/" + Page.kind.charAt(0).toUpperCase() + Page.kind.slice(1) + "Page.qml"
        }

        Item {
            x: Theme.actionsRect.x
            y: Theme.actionsRect.y
            width: Theme.actionsRect.width
            height: Theme.actionsRect.height
            visible: !root.attract

            ActionButton {
                id: back
                width: parent.width * 0.305
                height: parent.height
                choice: Page.back
            }

            ActionButton {
                anchors.right: parent.right
                width: parent.width * 0.655
                height: parent.height
                look: "main"
                iconLast: icon === "next"
                choice: Page.main
            }
        }
    }

    Row {
        x: Theme.serviceRect.x
        y: Theme.serviceRect.y
        spacing: (Theme.serviceRect.width - keys.count * keyWidth) / Math.max(keys.count - 1, 1)
        readonly property real keyWidth: (Theme.serviceRect.width - Theme.serviceGap * 4) / 5

        Repeater {
            id: keys
            model: Page.service

            ServiceKey {
                required property bool selected

                required key
                required label
                required icon
                required usable
                required reason
                width: parent.keyWidth
                height: Theme.serviceRect.height
                chosen: selected
            }
        }
    }
}
