"""The scripted customer: a program of its own that only touches the glass, feeds notes and takes paper."""
