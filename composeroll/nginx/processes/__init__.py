"""What nginx's processes are and hold, as their kernel tells it."""
