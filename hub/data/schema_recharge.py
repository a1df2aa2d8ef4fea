"""Recharge cards, and what was spent of them.."""
