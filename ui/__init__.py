"""The screen: the window, its view-models and its QML pages; the one room that knows Qt."""

from ui.singletons import keep

keep()
