"""Chip cards: ISO 7816-4 commands and the readers that carry them."""
