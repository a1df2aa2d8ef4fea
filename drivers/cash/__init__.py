"""Note acceptors: one cash model above all protocols, and a driver for each protocol."""
