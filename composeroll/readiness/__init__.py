"""Proof that a replica answers: its own healthcheck, HTTP, FastCGI, gRPC or a bare connection."""
