"""The far ends: programs on the other side of each wire, the bench that runs them, and the demo."""
