"""Bank terminals, sales by bank card, what goes back, and what banks said besides.."""
