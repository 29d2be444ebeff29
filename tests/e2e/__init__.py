"""Claims about the whole, on a real engine."""

import pytest

pytest.register_assert_rewrite("tests.e2e.harness")  # a claim that fails shows both its sides
