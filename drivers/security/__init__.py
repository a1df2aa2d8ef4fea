"""Security modules: card keys, the terminal's master key, and fields sealed to the host."""
