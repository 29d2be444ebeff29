"""The Engine API: its endpoint, its transport, requests and answers."""
