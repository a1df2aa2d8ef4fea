import QtQuick
import Kiosk
import Kiosk.Model

// The slot of this very kiosk with an arrow, the notes it takes and those it does not, and what just happened there.
Item {
    id: page

    readonly property bool beside: Theme.form !== "lobby"

    Card {
        id: slot
        width: page.beside ? parent.width * 0.42 : parent.width
        height: page.beside ? parent.height : Math.max(parent.height - told.height - Theme.gap, 0)

        Icon {
            id: picture
            anchors.centerIn: parent
            width: Math.min(parent.width - parent.pad * 2, (parent.height - parent.pad * 2) / 0.6)
            height: width * 0.6
            visible: width > Theme.iconTile
            name: Page.picture
            ink: Theme.action
            ground: parent.color
        }
    }

    Column {
        id: told
        x: page.beside ? slot.width + Theme.gap : 0
        y: page.beside ? 0 : slot.height + Theme.gap
        width: parent.width - x
        spacing: Theme.gap

        NoticeBand {
            width: parent.width
            notice: Page.notice
        }

        Flow {
            width: parent.width
            spacing: Theme.gap / 2

            Repeater {
                model: Page.choices

                Row {
                    id: note
                    required property string label
                    required property bool usable
                    required property string reason

                    spacing: Theme.gap / 3
                    rightPadding: Theme.gap / 2
                    Accessible.role: Accessible.StaticText
                    Accessible.name: usable ? label : label + " " + reason

                    Icon {
                        anchors.verticalCenter: parent.verticalCenter
                        name: note.usable ? "success" : "off"
                        ink: note.usable ? Theme.success : Theme.disabled
                        ground: Theme.page
                    }

                    KioskText {
                        text: note.usable ? note.label : note.label + "  " + note.reason
                        strong: note.usable
                        color: note.usable ? Theme.text : Theme.disabled
                        Accessible.ignored: true
                    }
                }
            }
        }

        KioskText {
            width: parent.width
            visible: text !== ""
            text: Page.footnote
            lineHeight: Theme.tight
            color: Theme.text2
        }
    }
}
