import QtQuick
import Kiosk

// What the hand does with the card, drawn from parts on a board of 340 x 320. Three slow rounds, then a still picture;
// without motion the still picture at once.
Item {
    id: guide

    property string kind
    property color ground: Theme.surface
    property real unit: Math.floor(Math.min(width / 340, height / 320) * 40) / 40

    readonly property bool bank: kind === "insert_bank" || kind === "take_bank" || kind === "box"
    readonly property bool inward: ["insert", "to_meter", "insert_bank", "box"].includes(kind)
    readonly property bool outward: ["take", "collect_new", "take_bank"].includes(kind)
    readonly property bool refused: kind === "wrong_slot" || kind === "not_this_card"
    readonly property bool waits: kind === "reading" || kind === "leave_in"
    readonly property bool lively: Theme.motion > 0 && visible && unit > 0 && (waits || rounds < 3)

    // In ms: nothing here changes more often than three times a second. Ten steps a second where something only glows,
    // twenty-five where something moves.
    readonly property int round: 2400
    property real phase: 0
    property int rounds: 0
    readonly property real slit: kind === "to_meter" ? 104 : kind === "box" ? 131 : 64
    readonly property real went: lively && !waits ? inward ? smooth(0.15, 0.6) : smooth(0.3, 0.75) : inward ? 0 : 0.6
    readonly property real cardTop: waits ? slit - 92 : kind === "wrong_slot" ? slit + 80 : refused ? slit + 50 : inward ? slit + 20 - 92 * went : slit - 92 + 104 * went
    readonly property real handTop: cardTop + 122 + (outward && lively ? 70 * (1 - smooth(0.05, 0.3)) : 0)
    readonly property real shown: lively && !waits ? Math.min(1, phase / 0.08, (1 - phase) / 0.08) : 1

    onKindChanged: begin()

    function begin() {
        phase = 0
        rounds = 0
    }

    function smooth(from: real, to: real): real {
        const part = Math.min(1, Math.max(0, (phase - from) / (to - from)))
        return part * part * (3 - 2 * part)
    }

    Timer {
        interval: guide.waits ? 100 : 40
        repeat: true
        running: guide.lively && !guide.refused
        onTriggered: {
            const next = guide.phase + interval / guide.round
            guide.rounds += Math.floor(next)
            guide.phase = next % 1
        }
    }

    component Part: Icon {
        property real atX
        property real atY
        property real wide
        property real high

        x: Math.round(atX * guide.unit)
        y: Math.round(atY * guide.unit)
        width: Math.round(wide * guide.unit)
        height: Math.round(high * guide.unit)
        ground: guide.ground
    }

    Item {
        anchors.centerIn: parent
        // The lower part of the board is empty while the card is only read.
        anchors.verticalCenterOffset: guide.kind === "reading" ? 45 * guide.unit : 0
        width: 340 * guide.unit
        height: 320 * guide.unit
        clip: true

        Part {
            name: guide.kind === "to_meter" ? "guide_meter" : guide.kind === "collect_new" ? "guide_dispenser" : guide.kind === "box" ? "guide_box" : "guide_slot"
            atX: 50
            atY: 16
            wide: 240
            high: guide.kind === "to_meter" ? 120 : guide.kind === "box" ? 132 : 92
            ink: Theme.text2
        }

        // The machine is at work: a frame round its slot that grows stronger and weaker.
        Rectangle {
            visible: guide.waits
            x: 38 * guide.unit
            y: 4 * guide.unit
            width: 264 * guide.unit
            height: 116 * guide.unit
            radius: 26 * guide.unit
            color: "transparent"
            border.width: Math.max(4, Math.round(6 * guide.unit))
            border.color: Theme.action
            opacity: guide.lively ? 0.6 + 0.4 * Math.cos(guide.phase * 2 * Math.PI) : 1
        }

        Row {
            visible: guide.kind === "reading"
            x: (170 * guide.unit) - width / 2
            y: 190 * guide.unit
            spacing: 18 * guide.unit

            Repeater {
                model: 3

                Rectangle {
                    required property int index
                    width: 20 * guide.unit
                    height: width
                    radius: width / 2
                    color: !guide.lively || Math.floor(guide.phase * 3) === index ? Theme.action : Theme.line
                }
            }
        }

        // What has gone through the slit is not seen.
        Item {
            y: Math.round(guide.slit * guide.unit)
            width: parent.width
            height: parent.height - y
            clip: true

            Part {
                name: guide.kind === "wrong_slot" ? "guide_bank" : guide.bank ? "guide_bank_chip" : "guide_card"
                atX: 118
                atY: guide.cardTop - guide.slit
                wide: 104
                high: 166
                opacity: guide.shown
            }

            Part {
                visible: guide.kind === "collect_new"
                name: "guide_new"
                atX: 192
                atY: guide.cardTop - guide.slit + 112
                wide: 52
                high: 52
                opacity: guide.shown
            }
        }

        Part {
            visible: guide.inward || guide.outward
            name: "guide_hand"
            atX: 110
            atY: guide.handTop
            wide: 120
            high: 192
            ink: Theme.text
            opacity: guide.shown
        }

        Part {
            visible: guide.kind === "leave_in"
            name: "guide_palm"
            atX: 122
            atY: 178
            wide: 96
            high: 115
            ink: Theme.text
        }

        Part {
            visible: guide.kind === "leave_in"
            name: "guide_no"
            atX: 94
            atY: 158
            wide: 152
            high: 152
            ink: Theme.danger
        }

        Part {
            visible: guide.refused
            name: "guide_cross"
            atX: guide.kind === "wrong_slot" ? 122 : 116
            atY: guide.kind === "wrong_slot" ? 48 : 166
            wide: guide.kind === "wrong_slot" ? 96 : 108
            high: wide
            ink: Theme.danger
        }

        Repeater {
            model: guide.inward || guide.outward || guide.refused ? [34, 258] : []

            Part {
                required property real modelData
                name: "guide_arrow"
                atX: modelData
                atY: guide.refused ? 190 : 168
                wide: 48
                high: 96
                ink: Theme.action
                rotation: guide.inward ? 0 : 180
            }
        }
    }
}
