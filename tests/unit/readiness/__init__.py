"""Readiness against loopback servers and an engine of the tests' own."""
