"""What prevents a rollout or would hurt it, reported before anything changes."""
