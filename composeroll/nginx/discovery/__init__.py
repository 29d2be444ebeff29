"""Whether and where nginx sends requests to a service, or a refusal with the setting to add."""
