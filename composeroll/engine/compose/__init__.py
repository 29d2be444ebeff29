"""Docker Compose as a program: reads, changes, pulls, and its output."""
