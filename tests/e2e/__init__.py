"""Claims about the whole, on a real engine."""
