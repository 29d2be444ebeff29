"""nginx's processes and their sockets, as the kernel reports them."""
