"""The payment platform that every channel reaches through one interface."""
