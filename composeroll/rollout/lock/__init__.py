"""One rollout at a time for each service, among all users of the engine."""
