"""The bench launcher: the field kiosk's own screen with a finger on a Unix socket."""
