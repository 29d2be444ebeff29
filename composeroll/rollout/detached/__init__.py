"""Detached replicas: they drain after their rollout, until `sync` or the next one retires them."""
