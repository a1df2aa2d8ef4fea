import QtQuick

Rectangle {
    id: page
    property string name: "attract"
    property int touches: 0
    width: 400
    height: 400

    component Target: Rectangle {
        signal tapped
        width: 100
        height: 80
        Accessible.role: Accessible.Button
        TapHandler {
            gesturePolicy: TapHandler.ReleaseWithinBounds
            longPressThreshold: 0 // a busy machine lifts the finger late
            onTapped: parent.tapped()
        }
    }

    Text {
        text: "touched " + page.touches
    }
    Text {
        visible: false
        text: "hidden"
    }
    NumberAnimation {
        id: coming
        target: page
        property: "opacity"
        from: 0
        to: 1
        duration: 200
    }
    Timer {
        id: later
        interval: 50
        onTriggered: {
            page.name = "home";
            coming.restart();
        }
    }
    Target {
        objectName: "start"
        Accessible.name: "Start"
        y: 50
        onTapped: {
            page.touches += 1;
            later.start();
        }
    }
    Target {
        objectName: "off"
        Accessible.name: "Off"
        y: 150
        enabled: false
    }
    Target {
        objectName: "small"
        Accessible.name: "Small"
        y: 250
        height: 60
    }
    Target {
        objectName: "outside"
        Accessible.name: "Outside"
        x: 390
    }
    Target {
        visible: false
        objectName: "hidden"
        Accessible.name: "Hidden"
    }
}
