"""The tests, and what they and the demo stand on: a bed with an engine, and a load client."""
