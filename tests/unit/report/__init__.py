"""What a person or a machine sees: each renderer against two recorded rollouts."""
