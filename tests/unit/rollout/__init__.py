"""The decisions of a rollout, and the order in which steps are taken and taken back."""
