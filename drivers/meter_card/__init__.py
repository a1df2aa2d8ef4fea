"""The card that carries credit to a prepaid meter: what stands on it, and how it is read and written."""
