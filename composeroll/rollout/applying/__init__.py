"""Run a plan step by step, undo it if a step fails, and verify the result."""
