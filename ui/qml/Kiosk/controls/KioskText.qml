import QtQuick
import Kiosk

Text {
    property int size: Theme.body
    property bool strong: false

    font.family: Theme.font
    font.pixelSize: size
    font.bold: strong
    color: Theme.text
    wrapMode: Text.Wrap
    textFormat: Text.PlainText
    Accessible.role: Accessible.StaticText
    Accessible.name: text
    Accessible.ignored: text === ""
}
