"""What the running nginx was told: the text of `nginx -T`, as data."""
