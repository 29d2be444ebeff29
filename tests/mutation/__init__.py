"""Mutation testing of the planner, the steps and the locks: `python -m tests.mutation`."""
