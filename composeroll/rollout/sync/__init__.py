"""Repair upstreams without a rollout: once, or continuously."""
