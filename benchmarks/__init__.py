"""How fast composeroll is: as ratios measured in one run, since machines differ.

`python -m benchmarks` runs everything, `python -m benchmarks NAME…` some of it; see `MEASURES`
in `benchmarks.__main__`. A table goes to stdout, and the same as JSON to `tests/.artifacts`.
Images, registry and engine come from `tests.bed`. What can be counted exactly is a test instead:
`tests/e2e/test_speed_counts.py`.
"""
