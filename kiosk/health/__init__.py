"""What the kiosk tells a monitoring centre of itself: `GET /health` and `GET /metrics`, on loopback."""
