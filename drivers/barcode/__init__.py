"""Barcode scanners on a serial line: one code a line."""
