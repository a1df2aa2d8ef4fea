"""The schema's history, run by `hub.data.migrate`."""
