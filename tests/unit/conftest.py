"""What holds for all unit tests."""

from __future__ import annotations

from hypothesis import settings

# an example that takes 200 ms on a busy machine says nothing about the code
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
