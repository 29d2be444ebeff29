"""The end-to-end tests' own promises."""
