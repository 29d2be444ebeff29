"""Flags, environment, x-composeroll and the compose model, turned into settings."""
