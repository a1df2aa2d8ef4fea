import QtQuick
import Kiosk

// How wide the columns of a table of bills are: as its longest amounts ask, in one size of type, none on two lines.
// Where four columns leave no readable size, the late fee stands under the charge.
Item {
    id: columns

    property var rows
    property var labels: []
    property int labelSize
    property int wanted
    property int least
    readonly property real between: Theme.gap * 0.75
    // Of one pixel of type size: the widest cell of each column.
    readonly property var ems: {
        const most = [0, 0, 0, 0]
        for (let i = 0; i < rows.count; ++i)
            rows.itemAt(i)?.cells.forEach((cell, at) => most[at] = Math.max(most[at], (at % 3 ? plain : bold).advanceWidth(cell) / 100))
        return most
    }
    readonly property var heads: labels.map(label => Math.ceil(plain.advanceWidth(label) * labelSize / 100))
    readonly property bool folded: total(asked(least, false)) > width
    readonly property int size: {
        let best = wanted
        while (best > least && total(asked(best, folded)) > width)
            --best
        return best
    }
    readonly property var widths: {
        const all = asked(size, folded)
        const spare = Math.max(width - total(all), 0) / (folded ? 2 : 3)
        return all.map((one, at) => one > 0 && at > 0 ? one + between + spare : one)
    }

    function asked(type: int, fold: bool): var {
        const all = ems.map((em, at) => Math.max(Math.ceil(em * type) + 1, heads[at] ?? 0))
        return fold ? [all[0], Math.max(all[1], all[2]), 0, all[3]] : all
    }

    function total(all: var): real {
        return all.reduce((sum, one) => sum + (one > 0 ? one + between : 0), -between)
    }

    FontMetrics {
        id: plain
        font.family: Theme.font
        font.pixelSize: 100
    }

    FontMetrics {
        id: bold
        font.family: Theme.font
        font.pixelSize: 100
        font.bold: true
    }
}
