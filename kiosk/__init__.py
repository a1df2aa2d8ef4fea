"""The machine on the wall: money, flow, journal, hub client, health. No Qt here."""
