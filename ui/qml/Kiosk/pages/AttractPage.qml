import QtQuick
import Kiosk
import Kiosk.Model

// What the kiosk does, what it takes now, and one big start; a touch anywhere starts.
Item {
    id: attract

    readonly property bool tall: Theme.form === "lobby"
    readonly property bool crowded: Theme.form === "through" && Theme.large

    TapHandler {
        gesturePolicy: TapHandler.ReleaseWithinBounds
        longPressThreshold: 0
        enabled: (Page.main.usable ?? false) && Finger.freeFor(null)
        onTapped: start.act()
    }

    Rectangle {
        id: hero
        // Beside a notice a low form has no room for the sign, nor for more than normal type.
        readonly property bool plain: notice.visible && Theme.large && !attract.tall
        width: parent.width
        height: foot.y - Theme.gapGroup * 0.75
        color: Theme.header

        Emblem {
            id: emblem
            readonly property real free: attract.tall ? parent.height - words.height - Theme.gapGroup * 3 : parent.height - Theme.gapGroup
            x: attract.tall ? (parent.width - width) / 2 : parent.width - width - Theme.margin
            y: attract.tall ? Theme.gapGroup : (parent.height - height) / 2
            width: Math.max(Math.min(free, Theme.width * (attract.tall ? 0.42 : 0.24)), 0)
            visible: width > Theme.iconTile && !hero.plain
        }

        Column {
            id: words
            transformOrigin: attract.tall ? Item.Center : Item.Left
            scale: Math.min(1, Math.max((hero.height - Theme.gap / 2 - (attract.tall && emblem.visible ? emblem.height + Theme.gapGroup : 0)) / Math.max(height, 1), 0.3))
            x: Theme.margin
            y: attract.tall ? (emblem.visible ? emblem.height + Theme.gapGroup : 0) + (parent.height - height - (emblem.visible ? emblem.height + Theme.gapGroup : 0)) / 2 : (parent.height - height) / 2
            width: parent.width - x * 2 - (attract.tall || !emblem.visible ? 0 : emblem.width + Theme.margin)
            spacing: Theme.gap / 2

            KioskText {
                width: parent.width
                horizontalAlignment: attract.tall ? Text.AlignHCenter : Text.AlignLeft
                text: Page.title
                size: hero.plain ? Theme.title / Theme.growth : Theme.title * (Theme.large || !attract.tall ? 1 : 1.2)
                strong: true
                lineHeight: Theme.tight
                color: Theme.headerInk
                Accessible.role: Accessible.Heading
            }

            KioskText {
                width: parent.width
                horizontalAlignment: attract.tall ? Text.AlignHCenter : Text.AlignLeft
                visible: text !== "" && !(attract.crowded && notice.visible)
                text: Page.prompt
                size: hero.plain ? Fit.plainLabel : Theme.label
                lineHeight: Theme.tight
                color: Theme.header2Ink
            }

            KioskText {
                width: parent.width
                horizontalAlignment: attract.tall ? Text.AlignHCenter : Text.AlignLeft
                visible: text !== "" && !attract.crowded
                text: Page.footnote
                size: hero.plain ? Fit.plain : Theme.body
                lineHeight: Theme.tight
                color: Theme.header2Ink
            }
        }
    }

    Column {
        id: foot
        x: Theme.margin
        y: parent.height - height
        width: parent.width - x * 2
        spacing: Theme.gap * 0.75

        NoticeBand {
            id: notice
            width: parent.width
            notice: Page.notice
            size: hero.plain ? Fit.plain : Theme.body
        }

        Facts {
            width: parent.width
            ruled: false
            visible: filled && !(Theme.form === "through" && Theme.large)
        }

        Grid {
            id: badges
            spacing: Theme.gap * 0.75
            columns: Math.min(cards.count, 3)
            visible: attract.tall

            function tallest(): real {
                let most = 0
                for (let i = 0; i < cards.count; ++i)
                    most = Math.max(most, cards.itemAt(i)?.implicitHeight ?? 0)
                return most
            }

            Repeater {
                id: cards
                model: Page.badges

                BadgeCard {
                    required label
                    required works
                    required reason
                    terse: Theme.large && cards.count > 3
                    width: (foot.width - (badges.columns - 1) * badges.spacing) / badges.columns
                    height: badges.tallest()
                }
            }
        }

        ChoiceGrid {
            width: parent.width
            room: 0
        }

        ActionButton {
            id: start
            width: parent.width
            height: attract.tall && !Theme.low ? Theme.tileHeight * 0.8 : Theme.mainHeight
            look: "main"
            iconLast: true
            labelSize: Theme.title
            choice: Page.main
        }
    }
}
