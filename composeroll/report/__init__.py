"""What a person or a machine sees of a rollout: typed events, and one renderer per audience."""
