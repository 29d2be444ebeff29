"""nginx's access logs: where they are, how their lines are parsed, and the answers in them."""
