import QtQuick
import Kiosk
import Kiosk.Model

// The facts of a page in a card: who, where, which reference, whom to call.
Card {
    id: card

    property int size: Theme.form === "lobby" ? Fit.body : Fit.service
    property alias ruled: rows.ruled
    readonly property bool filled: rows.height > 0
    property real room: 0

    pad: Theme.form === "lobby" ? Theme.gap * 1.5 : Theme.gap
    visible: filled
    transformOrigin: Item.TopLeft
    // Left out where it could not be read; its words stand in the sentence above too.
    property bool optional: false
    opacity: optional && scale < 0.8 ? 0 : 1
    scale: room > 0 ? Math.min(1, room / height) : 1
    height: filled ? rows.height + pad * 1.4 : 0

    RowList {
        id: rows
        x: card.pad
        y: card.pad * 0.7
        width: parent.width - x * 2
        ruled: true
        limit: Theme.form === "through" && Page.kind === "result" ? 4 : 99
        spacing2: Theme.form === "lobby" ? Theme.gap * (Theme.large ? 0.3 : 1) : Theme.form === "wall" ? Theme.gap / 2 : 0
        size: card.size
        model: Page.context
    }
}
