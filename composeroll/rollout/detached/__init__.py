"""Replicas that drain on after their rollout, until `sync` or the next one retires them."""
