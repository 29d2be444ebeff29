"""Read services, replicas and gateways into one frozen snapshot."""
