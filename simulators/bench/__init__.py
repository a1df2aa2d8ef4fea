"""The bench: starts the hub and every far end, points kiosks at them, and ends them all whatever happens."""
