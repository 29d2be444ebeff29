"""Whether and where nginx sends requests to a service, or the line that settles it."""
