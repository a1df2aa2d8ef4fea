"""The only objects QML sees: they hold what a page says and take what a finger wants."""
