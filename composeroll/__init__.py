"""Zero-downtime updates for Docker Compose services behind nginx."""

__version__ = "0.1.0"
