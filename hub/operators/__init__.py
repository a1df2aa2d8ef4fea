"""What operators do at the command line: persons, claims, replaced terminals."""
