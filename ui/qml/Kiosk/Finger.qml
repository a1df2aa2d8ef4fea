pragma Singleton
import QtQuick

// One press at a time on the whole page, and none for a moment after the page has turned.
QtObject {
    id: finger

    property Item holder: null
    property bool closed: false
    property bool byKey: false
    // How long a page that has just come takes no touch, in ms.
    property int closedFor: 250
    property Timer reopen: Timer {
        interval: finger.closedFor
        onTriggered: finger.closed = false
    }

    function freeFor(button: Item): bool {
        return !closed && (holder === null || holder === button)
    }

    function turn() {
        closed = true
        reopen.restart()
    }

    // Let go only after the event is through, so that the tap itself still arrives.
    function letGo(button: Item) {
        Qt.callLater(free, button)
    }

    function free(button: Item) {
        if (holder === button)
            holder = null
    }
}
