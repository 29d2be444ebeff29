"""Findings about a gateway's configuration and container. Pure: from text to findings."""
