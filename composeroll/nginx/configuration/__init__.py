"""nginx's configuration as data, from the text that `nginx -T` prints."""
