"""Terminal boxes: certified devices that take a bank card's money by themselves and tell what came of it."""
