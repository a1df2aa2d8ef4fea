"""The hub's terminals at banks: numbers, counters and keys, and the settlements of their batches."""
