"""The gateway: find, read, render, install, test, reload, confirm, drain."""
