import QtQuick
import Kiosk
import Kiosk.Model

// Choices in equal tiles, as many columns as can be read; `room` is the height they may use.
Item {
    id: grid

    property var model: Page.choices
    property real room
    readonly property alias count: tiles.count
    readonly property bool roomy: columns === 1 && count < 3 && Theme.form === "lobby" && !Theme.low
    readonly property bool few: roomy && !Theme.large
    property real cap: Theme.tileHeight * (columns > 1 ? 1.6 : roomy ? 1.8 : 1)
    property bool icons: true
    property bool tight: false
    property bool details: true
    property bool terse: false
    property int labelSize: few ? Theme.subtitle : Theme.label
    property int detailSize: Theme.service
    property real spacing: Theme.gap
    property int columns: columnsFor(tiles.count)
    readonly property int rows: Math.ceil(tiles.count / columns)
    readonly property real share: (room - (rows - 1) * spacing) / Math.max(rows, 1)
    readonly property real cell: Math.max(need(), Math.min(share, cap))

    // The least height these tiles can have, whatever the room.
    readonly property real least: tiles.count === 0 ? 0 : rows * need() + (rows - 1) * spacing

    height: tiles.count === 0 ? 0 : rows * cell + (rows - 1) * spacing

    function columnsFor(count: int): int {
        if (Theme.form === "lobby")
            return (Theme.large && !Theme.low) || count < 4 ? 1 : 2
        if (count < 2 || (Theme.large && count < 4 && width < Theme.width / 1.4))
            return 1
        return Theme.form === "wall" && count > 2 && !Theme.large && width > Theme.width / 2 * 1.4 ? 3 : 2
    }

    function need(): real {
        let most = 0
        for (let i = 0; i < tiles.count; ++i)
            most = Math.max(most, tiles.itemAt(i)?.implicitHeight ?? 0)
        return most
    }

    Grid {
        columns: grid.columns
        spacing: grid.spacing

        Repeater {
            id: tiles
            model: grid.model

            ChoiceTile {
                required property bool selected

                required key
                required label
                required detail
                required property string iconName

                required arg
                icon: grid.icons ? iconName : ""
                required usable
                required reason
                width: (grid.width - (grid.columns - 1) * grid.spacing) / grid.columns
                height: grid.cell
                least: grid.tight ? Theme.floorTarget : Theme.standardHeight
                labelSize: grid.labelSize
                detailSize: grid.detailSize
                detailed: grid.details
                terse: grid.terse
                chosen: selected
            }
        }
    }
}
