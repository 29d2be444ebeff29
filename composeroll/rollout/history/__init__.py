"""The history of each service: its revisions, and the images that are kept for a rollback."""
