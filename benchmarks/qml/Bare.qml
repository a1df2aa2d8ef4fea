import QtQuick

// The least that Qt Quick can show: a rectangle that answers a touch, and a text.
Rectangle {
    width: 1080
    height: 1920
    color: "#F3F6FA"

    Text {
        anchors.horizontalCenter: parent.horizontalCenter
        y: 600
        text: "Power"
        font.family: "Noto Sans CJK SC"
        font.pixelSize: 79
        color: "#14202B"
    }

    Rectangle {
        objectName: "pad"
        readonly property bool down: area.pressed
        x: 48
        y: 1604
        width: 984
        height: 176
        color: area.pressed ? "#003E7E" : "#0B5CAD"
        Accessible.role: Accessible.Button
        Accessible.name: "pad"

        MouseArea {
            id: area
            anchors.fill: parent
        }
    }
}
