import QtQuick
import Kiosk
import Kiosk.Model

// The page frame: header, steps, what is shown only, what is asked, the work, the two actions, the service keys.
Rectangle {
    id: root

    readonly property bool attract: Page.kind === "attract"
    readonly property bool side: Theme.form === "wall"
    readonly property bool hasPanel: (Page.panel.headline ?? "") !== ""
    readonly property bool ownContext: ["check", "result", "question", "closed", "attract", "card", "pin"].includes(Page.kind)
    readonly property bool shows: hasPanel || contextRows.shown
    // Pages whose body holds targets from its top on; the others keep theirs at their foot.
    readonly property bool targets: ["choices", "entry", "bills"].includes(Page.kind)
    readonly property bool outcomeFirst: Page.kind === "result" && !side && !split
    // On the smallest form the outcome's amount and its facts stand beside one another, and so do amount and card.
    readonly property bool split: Theme.form === "through" && ["result", "check", "card", "pin", "code"].includes(Page.kind) && hasPanel
    readonly property bool manyBills: Page.kind === "bills" && (Page.billCount > 3 || (Page.billCount > 1 && (Theme.large || (Page.notice.title ?? "") !== "")))
    readonly property bool leafed: Page.kind === "bills" && Page.choiceCount > 4
    readonly property bool small: Theme.form !== "lobby"
    // Where the form is low the bills stand beside their sum and the ways to choose.
    readonly property bool besideBills: small && Page.kind === "bills" && Page.billCount > 0
    // Nothing to choose stands beneath the sum there: all of the panel has room.
    readonly property bool full: besideBills && Page.choiceCount > 0
    // A card's picture stands beside the words there where no panel does.
    readonly property bool pictured: small && Page.kind === "card" && !hasPanel
    readonly property bool column: (side && shows) || besideBills || split || pictured
    readonly property real showWidth: Theme.showRect.width * (side ? (pictured ? 1.22 : 1) : besideBills ? 0.37 : split ? 0.35 : pictured ? 0.44 : 1)
    readonly property real asideHeight: besideBills ? body.item?.asideHeight ?? 0 : 0
    // What is only shown gives way: drawn smaller, never under the work, so that no word is lost.
    readonly property real showRoom: {
        const all = workBottom - Theme.showRect.y
        if (besideBills)
            return all - asideHeight - Theme.gap
        if (side)
            return Theme.showRect.height
        if (split)
            return Theme.workRect.height
        if (Theme.form === "through")
            return Math.max(Theme.showRect.height * (Theme.large ? 2 : 1.7), all - ask.height - (body.item?.needed ?? 0) - Theme.gapGroup * 1.5)
        const needed = body.item?.needed ?? 0
        if (outcomeFirst)
            return all - ask.drawn - needed - Theme.gapGroup
        return Math.max(all * (leafed ? 0.26 : manyBills ? 0.3 : 0.5), all - ask.height - needed - Theme.gapGroup * 1.5)
    }
    // A full table of bills may begin a little above the lowest reach; it stays under 1220 mm.
    readonly property real firstTarget: {
        if (!Theme.low || Page.kind === "choices")
            return Theme.workRect.y
        if (small)
            return Theme.showRect.y + Theme.standardHeight
        return Page.kind === "entry" ? Theme.workRect.y : Theme.workRect.y - Theme.standardHeight * (leafed ? 1.5 : 1)
    }
    readonly property real askRoom: {
        const all = workBottom - (outcomeFirst ? Theme.showRect.y : ask.y)
        if (pictured)
            return all
        if (targets)
            return all - (body.item?.needed ?? 0) - body.space
        // Question and facts give way alike.
        const part = ask.height / Math.max(ask.height + (body.item?.needed ?? 0) + Theme.gapGroup / 2, 1)
        return all * Math.min(part, Page.kind === "cash" && !stacked ? 0.6 : 1)
    }
    readonly property real workLeft: column ? Theme.showRect.x + showWidth + Theme.gapGroup : Theme.showRect.x
    readonly property real workWidth: Theme.width - Theme.showRect.x - workLeft
    // Where nothing can be pressed the picture has the room of the actions, too.
    readonly property bool keyless: Page.kind === "card" && !Page.main.key && !Page.back.key && !Page.quiet.key
    readonly property real workBottom: keyless ? Theme.actionsRect.y + Theme.actionsRect.height : Theme.workRect.y + Theme.workRect.height

    readonly property bool stacked: !column && !side
    // What the fuller column needs of the height it has, nothing drawn smaller.
    readonly property real fullness: {
        const all = workBottom - Theme.showRect.y
        const shown = shows && show.visible ? show.height : 0
        const asked = ask.height + Theme.gapGroup / 2 + (body.item?.needed ?? 0)
        if (attract)
            return 0
        if (pictured)
            return Math.max(ask.height, body.item?.needed ?? 0) / all
        if (stacked)
            return ((shown > 0 ? shown + Theme.gapGroup / 2 : 0) + asked + Theme.gapGroup / 2) / all
        return Math.max(shown / Math.max(showRoom, 1), asked / all)
    }
    onFullnessChanged: Qt.callLater(settle)
    Component.onCompleted: startAnew()

    // Positioners come to rest when a frame is drawn. Asked for it before, the page has its sizes in its first frame.
    function rest(item: Item) {
        for (let i = 0; i < item.children.length; ++i)
            rest(item.children[i])
        if (item instanceof Column || item instanceof Row || item instanceof Grid || item instanceof Flow)
            item.forceLayout()
    }

    function settle() {
        let before = 0
        while (before !== Fit.part) {
            before = Fit.part
            rest(sheet)
            Fit.ease(fullness)
        }
    }

    // What stood there before leaves no trace: the sizes follow from this page alone.
    function startAnew() {
        // On the low forms the pad needs the height: what is read beside it keeps its normal size.
        Fit.part = small && Page.kind === "entry" ? 1 / Theme.growth : 1
        settle()
    }

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
        else if (Page.kind === "entry" && (/^[0-9]$/.test(event.text) || (Page.entry.letters && /^[A-Fa-f]$/.test(event.text))))
            Page.press("key", event.text.toUpperCase())
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
        function onRefilled() {
            root.startAnew()
        }
        function onTurned() {
            Finger.turn()
            root.startAnew()
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
            y: root.outcomeFirst ? ask.y + ask.drawn + Theme.gapGroup / 2 : Theme.showRect.y
            width: root.showWidth
            spacing: Theme.gap
            transformOrigin: Item.TopLeft
            scale: Math.min(1, root.showRoom / Math.max(height, 1))
            readonly property real drawn: height * scale
            visible: root.shows && !root.attract && (!root.besideBills || root.showRoom > Theme.floorTarget)

            Card {
                id: contextRows
                readonly property bool shown: rows.count > 0 && !root.ownContext && !(Theme.form === "through" && root.hasPanel) && !(root.side && root.hasPanel && Theme.large) && !root.manyBills && !root.full
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
                                size: Fit.service
                                color: Theme.text2
                                wrapMode: Text.NoWrap
                            }

                            KioskText {
                                id: what
                                width: Math.min(implicitWidth, list.width)
                                text: parent.value
                                size: Fit.service
                                strong: true
                            }
                        }
                    }
                }
            }

            MoneyCard {
                width: parent.width
                visible: root.hasPanel
                brief: root.full || root.leafed || (root.manyBills && Theme.large)
                split: root.split || (root.besideBills && !root.side)
                promised: !root.manyBills && !root.full && !(Theme.form === "through" && (Page.kind === "question" || Page.kind === "bills"))
            }

            Facts {
                width: parent.width
                visible: filled && root.hasPanel && ((root.side && Page.kind === "result") || (root.small && ["card", "pin"].includes(Page.kind)))
            }
        }

        Question {
            id: ask
            transformOrigin: Item.TopLeft
            scale: Math.min(1, room / Math.max(height, 1))
            readonly property real drawn: height * scale
            readonly property real room: Math.max(root.askRoom, 1)
            readonly property bool hero: !root.shows && Theme.form === "lobby"
            readonly property real free: Theme.workRect.y - Theme.showRect.y - Theme.gapGroup

            x: root.workLeft
            y: root.column || root.side ? Theme.showRect.y
                : root.shows && !root.outcomeFirst ? Theme.showRect.y + show.drawn + Theme.gapGroup / 2
                : Theme.showRect.y + (hero ? root.targets ? Math.max((free - height) / 2, 0) : Theme.gapGroup : 0)
            width: root.workWidth
            visible: !root.attract
            stateIcon: Page.kind === "result" || Page.kind === "closed"
            noticed: Page.kind !== "cash" && Page.kind !== "attract"
            small: root.split
            terse: Theme.large && ((root.manyBills && (root.small || Page.billCount > 3)) || (root.small && root.targets && (Page.kind !== "bills" || Page.billCount > 0)))
            prompted: !(Page.kind === "entry" && Theme.large && !root.small && (Page.entry.error ?? "") !== "") && !(root.manyBills && (root.leafed || Theme.large || (Page.notice.title ?? "") !== "")) && !(root.small && (root.manyBills || (Page.kind === "cash" && (Page.notice.title ?? "") !== "")))
            error: Page.kind === "entry" && !root.small ? Page.entry.error ?? "" : ""
        }

        Loader {
            id: body
            readonly property real space: Math.max(Theme.gapGroup / 2, (item?.over ?? 0) + Theme.gap / 2)
            readonly property real above: root.outcomeFirst && root.shows ? show.y + show.drawn : ask.y + ask.drawn

            x: root.attract ? 0 : root.pictured ? Theme.showRect.x : root.workLeft
            y: root.attract ? Theme.headerRect.height : root.pictured ? Theme.showRect.y : Math.max(root.targets ? root.firstTarget : 0, above + space)
            width: root.attract ? root.width : root.pictured ? root.showWidth : root.workWidth
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

            // What few come for: not much larger than the way back, and never beside a main action.
            ActionButton {
                anchors.right: parent.right
                width: parent.width * (usable ? 0.4 : 0.655)
                icon: usable ? choice.icon ?? "" : ""
                height: parent.height
                choice: Page.quiet
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
