"""The kiosk's journal: the only thing that outlives a crash, and the evidence of what happened to money."""
