"""What stands in the way of a rollout, and what would hurt: told before anything is touched."""
