"""References, the user's login at a registry, and what a registry's failure means."""
