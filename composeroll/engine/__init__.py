"""The only door to docker: compose commands for what changes, one Engine API for the rest."""
