"""The gateway room without an engine: recorded dumps, the script under two shells, a fake nginx."""
