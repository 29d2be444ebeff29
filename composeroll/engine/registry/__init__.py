"""Image references, logins at registries, and registries' errors."""
