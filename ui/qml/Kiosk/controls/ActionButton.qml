import QtQuick
import Kiosk
import Kiosk.Model

KioskButton {
    id: button

    property var choice: ({})
    property bool iconLast: false
    // Two lines share the height of a low button: both keep their normal size.
    readonly property string second: usable ? choice.detail ?? "" : choice.reason ?? ""
    readonly property bool low: second !== "" && Theme.form !== "lobby"
    property int labelSize: low ? Fit.plainLabel : Theme.label
    property string icon: choice.icon ?? ""
    readonly property real iconRoom: Theme.iconText + Theme.gap / 2
    readonly property bool iconFits: probe.advanceWidth + iconRoom + Theme.gap <= width
    readonly property real room: width - Theme.gap - (icon !== "" && iconFits ? iconRoom : 0)

    // Large type stays on one line as long as that is no smaller than normal type.
    readonly property int fitting: probe.advanceWidth <= room ? labelSize : Math.max(Math.min(labelSize, Fit.plainLabel), Math.floor(labelSize * room / probe.advanceWidth) - 1)

    visible: key !== ""
    key: choice.key ?? ""
    usable: choice.usable ?? false
    spoken: [choice.label, choice.detail, usable ? "" : choice.reason].filter(part => part).join(", ")

    TextMetrics {
        id: probe
        font.family: Theme.font
        font.pixelSize: button.labelSize
        font.bold: true
        text: button.choice.label ?? ""
    }

    Row {
        anchors.centerIn: parent
        scale: Math.min(1, (button.height - 12) / height)
        spacing: Theme.gap / 2
        layoutDirection: button.iconLast ? Qt.RightToLeft : Qt.LeftToRight

        Icon {
            anchors.verticalCenter: parent.verticalCenter
            visible: name !== "" && button.iconFits
            name: button.icon
            ink: button.mark
            ground: button.ground
        }

        Column {
            anchors.verticalCenter: parent.verticalCenter

            KioskText {
                id: label
                width: Math.min(implicitWidth, button.room)
                anchors.horizontalCenter: parent.horizontalCenter
                horizontalAlignment: Text.AlignHCenter
                text: button.choice.label ?? ""
                // A word is not broken in two: where the longest is wider than the button the label is smaller.
                size: Page.lang === "zh" ? button.fitting : Math.min(button.fitting, Math.floor(button.room / longest / 0.72))
                readonly property int longest: Math.max(...text.split(" ").map(word => word.length), 1)
                strong: true
                lineHeight: Theme.tight
                color: button.ink
                Accessible.ignored: true
            }

            KioskText {
                width: Math.min(implicitWidth, button.room)
                anchors.horizontalCenter: parent.horizontalCenter
                horizontalAlignment: Text.AlignHCenter
                visible: text !== ""
                text: button.second
                size: button.low ? Fit.plainService : Theme.service
                lineHeight: Theme.tight
                color: button.ink2
                Accessible.ignored: true
            }
        }
    }
}
