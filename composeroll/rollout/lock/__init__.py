"""One rollout at a time for each service, over everyone who uses the engine."""
