import QtQuick
import Kiosk
import Kiosk.Model

// What is asked or what has happened: one sentence, one line of help, and the notice if there is one.
Column {
    id: question

    property bool stateIcon: false
    property bool noticed: true
    property bool prompted: true
    property string error
    property bool terse: false
    property bool small: false
    // The state of the whole page; the notice may tell of a part of it, the slip being printed.
    readonly property string tone: Page.picture === "success" ? "success" : Page.notice.tone ?? "info"

    spacing: Theme.gap / 2

    Row {
        width: parent.width
        spacing: Theme.gap

        Icon {
            id: shape
            anchors.verticalCenter: parent.verticalCenter
            visible: question.stateIcon
            size: question.small ? Theme.iconText : Theme.iconTile
            name: visible ? question.tone : ""
            ink: Theme[question.tone]
            ground: Theme.page
        }

        KioskText {
            width: parent.width - (shape.visible ? shape.width + Theme.gap : 0)
            anchors.verticalCenter: parent.verticalCenter
            text: Page.title
            size: question.small ? Fit.label : Theme.form === "through" && Page.panel.headline ? Fit.subtitle : Fit.title
            strong: true
            lineHeight: Theme.tight
            Accessible.role: Accessible.Heading
        }
    }

    KioskText {
        width: parent.width
        visible: text !== "" && question.prompted
        text: Page.prompt
        size: question.small ? Fit.service : Fit.body
        color: Theme.text2
    }

    NoticeBand {
        width: parent.width
        visible: question.noticed && (Page.notice.title ?? "") !== ""
        notice: Page.notice
        terse: question.terse
        size: question.small ? Fit.service : Fit.body
    }

    NoticeBand {
        width: parent.width
        visible: question.error !== ""
        notice: ({tone: "danger", title: question.error})
        size: Fit.body
    }
}
