"""The kiosk's one way to the hub: signed HTTP calls that end in an outcome, never in an exception."""
