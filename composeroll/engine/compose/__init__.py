"""Docker Compose as a program: what it is asked, what it changes, and the words it prints."""
