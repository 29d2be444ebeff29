"""The engine room without an engine: recorded answers, and a server that misbehaves."""
