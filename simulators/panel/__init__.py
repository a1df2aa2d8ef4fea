"""The bench panel: what a customer, a technician and bad luck can do to the far ends, as buttons."""
