"""How channels reach the hub: one adapter a channel, signatures and problem documents in one place each."""
