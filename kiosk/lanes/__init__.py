"""One worker thread for each device and for the hub: the only places where the kiosk waits for the world."""
