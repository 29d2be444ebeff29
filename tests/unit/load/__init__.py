"""The load client against a server that fails in every way on demand."""
