"""The demo's own claims."""
