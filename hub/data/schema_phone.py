"""Orders that phones pay, and what is given back of them.."""
