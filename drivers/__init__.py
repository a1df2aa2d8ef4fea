"""Bytes and devices: transports, sans-IO codecs and one driver a device class; imports nothing of ours."""
