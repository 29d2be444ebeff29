"""Observe, plan, apply, verify: the rollout itself."""
