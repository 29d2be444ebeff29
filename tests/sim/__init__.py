"""A whole world in memory that keeps state, breaks on demand and judges every change itself."""
