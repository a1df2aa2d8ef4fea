"""Chip cards as programs: what stands in them, and the virtual reader's wire."""
