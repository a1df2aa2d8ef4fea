import QtQuick
import Kiosk
import Kiosk.Model

Item {
    // Many tiles in large type leave a low screen little room: the names get smaller, and what is more is only spoken.
    readonly property bool crowded: Theme.large && choices.count > (Theme.form === "through" ? 2 : 3) && Theme.form !== "lobby"
    readonly property real needed: choices.least + (note.visible ? note.height + Theme.gap : 0)

    ChoiceGrid {
        id: choices
        width: parent.width
        // Beside a panel two columns would break words.
        columns: Theme.form === "wall" && count > 3 && !Theme.low && (Page.notice.title ?? "") === "" && (Page.panel.headline ?? "") !== "" ? 1 : columnsFor(count)
        details: !parent.crowded
        labelSize: parent.crowded && (count > 3 || (Page.notice?.title ?? "") !== "") ? Fit.plainLabel : few ? Theme.subtitle : Theme.label
        tight: count > 3
        detailSize: parent.crowded && count > 3 ? Fit.plainService : Theme.service
        room: parent.height - (note.visible ? note.height + Theme.gap : 0)
    }

    KioskText {
        id: note
        y: parent.height - height
        width: parent.width
        visible: text !== ""
        text: Page.footnote
        size: Theme.service
        color: Theme.text2
    }
}
