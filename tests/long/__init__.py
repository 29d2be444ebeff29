"""Long runs on a real engine, outside `make test`: kills, races, restarts and a soak.

    python -m tests.long                 # what there is
    python -m tests.long killed --rounds 50 --minutes 20

Each run is one function that takes a `Course` (how many rounds, until when, where figures go) and
holds every round to the same claims as the end-to-end tests. A promise that does not hold is
counted and printed, and the run goes on. The figures are printed and kept in `tests/.artifacts/`.
"""
