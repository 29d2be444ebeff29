"""The Engine API: where it is, how bytes reach it, what it answers."""
