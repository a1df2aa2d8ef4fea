"""The transaction machine: states, events and effects of a payment and of a claim, as tables."""
