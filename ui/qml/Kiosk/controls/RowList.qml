import QtQuick
import Kiosk

// Labels left, values right; totals large and bold under a rule.
Column {
    id: list

    property var model
    property int size: Theme.body
    property real spacing2: 0
    property string skip
    // Rows beyond this stand elsewhere too.
    property int limit: 99
    property bool ruled: false
    readonly property real widest: {
        let most = 0
        for (let i = 0; i < rows.count; ++i)
            most = Math.max(most, rows.itemAt(i)?.need ?? 0)
        return most
    }

    Repeater {
        id: rows
        model: list.model

        Item {
            id: row
            required property int index
            required property string label
            required property string value
            required property string weight
            visible: label !== list.skip && index < list.limit
            readonly property real need: name.implicitWidth + amount.implicitWidth + Theme.gap
            readonly property bool total: weight === "total"
            readonly property bool stacked: need > width

            width: list.width
            height: (stacked ? name.height + amount.height : Math.max(name.height, amount.height)) + list.spacing2 + (total ? Theme.gap / 2 : 0)

            Rectangle {
                visible: row.total || (list.ruled && row.index > 0)
                width: parent.width
                height: 2
                color: Theme.line
            }

            KioskText {
                id: name
                width: row.stacked ? row.width : implicitWidth
                y: row.stacked ? (row.total ? Theme.gap / 2 : 0) : amount.y + (amount.height - height) / 2
                text: row.label
                size: list.size
                lineHeight: Theme.tight
                color: row.total ? Theme.text : Theme.text2
                strong: row.total
            }

            KioskText {
                id: amount
                width: row.stacked ? row.width : implicitWidth
                anchors.right: parent.right
                anchors.bottom: parent.bottom
                anchors.bottomMargin: list.spacing2 / 2
                horizontalAlignment: Text.AlignRight
                text: row.value
                size: row.total ? Math.max(list.size, Fit.label) : Math.floor(list.size * whole)
                lineHeight: Theme.tight
                strong: row.weight !== "normal"
                // A long number is not broken in two where one line holds it in nearly the same size.
                readonly property real whole: probe.advanceWidth > row.width && row.width / probe.advanceWidth > 0.78 ? row.width / (probe.advanceWidth + 2) : 1

                TextMetrics {
                    id: probe
                    font.family: Theme.font
                    font.pixelSize: list.size
                    text: /^[0-9 ]{20,}$/.test(row.value) ? row.value : ""
                }
            }
        }
    }
}
