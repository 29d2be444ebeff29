"""nginx's access log: where it is, what its lines hold, and what they say of the answers."""
