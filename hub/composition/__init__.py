"""Who may use the hub, and the desk where every channel's orders come together."""
