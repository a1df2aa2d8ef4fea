import QtQuick
import Kiosk
import Kiosk.Model

// The one thing that can be pressed. Its content is put upon it by the caller and reads `ink`.
Item {
    id: button

    property string key
    property string arg
    property string spoken
    property string look: "plain"
    property bool usable: true
    property bool chosen: false
    readonly property bool down: tap.pressed
    readonly property bool filled: look === "main" || down || (look === "quiet" && chosen)
    readonly property color ground: !usable ? Theme.disabledGround : down ? (look === "main" ? Theme.pressed : Theme.action)
        : filled ? Theme.action : chosen ? Theme.tint : Theme.surface
    readonly property color ink: !usable ? Theme.disabled : filled ? Theme.actionInk : look === "plain" ? Theme.action : Theme.text
    readonly property color mark: !usable ? Theme.disabled : filled ? Theme.actionInk : Theme.action
    readonly property color ink2: !usable ? Theme.disabled : filled ? Theme.actionInk : Theme.text2
    default property alias content: face.data

    property string held
    property double last: 0
    // The second of two strokes within this time is the first one's bounce, in ms.
    property int strikeFilter: Theme.repeatFilter

    function act() {
        const since = Date.now() - last
        if (!usable || Finger.closed || (since >= 0 && since < strikeFilter))
            return
        last = Date.now()
        Page.press(key, arg)
    }

    objectName: arg === "" ? key : key + ":" + arg
    enabled: usable
    activeFocusOnTab: true
    Accessible.role: Accessible.Button
    Accessible.name: spoken
    Accessible.focusable: true
    Accessible.checkable: chosen
    Accessible.checked: chosen
    Accessible.onPressAction: button.act()
    Keys.onPressed: event => {
        if (![Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space].includes(event.key))
            return
        event.accepted = true
        Finger.byKey = true
        if (!event.isAutoRepeat)
            button.act()
    }

    TapHandler {
        id: tap
        gesturePolicy: TapHandler.ReleaseWithinBounds
        longPressThreshold: 0
        margin: Theme.hit
        enabled: Finger.freeFor(button)
        onPressedChanged: {
            if (pressed) {
                Finger.byKey = false
                Finger.holder = button
                button.held = button.objectName
            } else {
                Finger.letGo(button)
            }
        }
        // What stood under the finger when it came down is what it meant.
        onTapped: if (button.held === button.objectName) button.act()
    }

    Rectangle {
        anchors.fill: parent
        anchors.margins: -Theme.border * 2 - 4
        visible: button.activeFocus && Finger.byKey
        color: Theme.focusInner
        border.color: Theme.focusOuter
        border.width: 6
        radius: Theme.radius + 10
    }

    Rectangle {
        id: face
        anchors.fill: parent
        anchors.margins: button.down ? 2 : 0
        radius: Theme.radius
        color: button.ground
        border.width: button.look === "main" && button.usable ? 0 : button.chosen ? Theme.border * 2 : Theme.border
        border.color: button.usable ? (button.chosen ? Theme.action : Theme.control) : Theme.disabled
    }
}
