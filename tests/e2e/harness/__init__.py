"""What the end-to-end tests stand on: stacks of their own, the real command line, load, proof.

    def test_…(start: Start) -> None:
        stack = start(recipe.app(gateway="busybox-forky"))  # a compose project of its own
        roll(stack, "app")                                  # push, update under load, prove all

A stack is one of the compose files in `stacks/`, with variables in its `.env`.
"""
