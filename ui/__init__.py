"""The screen: view-models, QML pages and the composition of the kiosk program."""
