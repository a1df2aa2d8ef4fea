import QtQuick
import Kiosk
import Kiosk.Model

// Who and where, masked, large enough to be read aloud across a counter.
Item {
    id: page

    readonly property real needed: (facts.visible ? facts.height : 0)

    Facts {
        id: facts
        width: parent.width
        room: Math.max(page.height, 1)
        size: Theme.form === "lobby" ? Fit.subtitle : Fit.label
    }

    ChoiceGrid {
        y: Theme.low ? page.height - height : facts.height + Theme.gap
        width: parent.width
        room: page.height - facts.height - Theme.gap
    }
}
