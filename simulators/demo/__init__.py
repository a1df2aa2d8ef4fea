"""`power-kiosk demo`: the whole system on the bench, for a person to try or for a script to walk through."""
