"""The parts of a bank on the far side of ISO 8583: its cards, its books, its business, what goes wrong in it."""
