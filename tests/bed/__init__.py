"""The bed the end-to-end tests and the demo lie on: engine, base image, registry, images.

`python3 -m tests.bed up` brings up what is missing and leaves alone what is there. It runs on the
system's Python with the standard library only, because it comes before any virtual environment.
"""
