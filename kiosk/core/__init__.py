"""The core: every decision of the kiosk, pure; time, ids and the world's answers come in, events and effects go out."""
