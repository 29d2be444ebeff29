"""The engine room on a real engine."""
