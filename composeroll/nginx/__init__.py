"""The gateway: find a service's place in nginx, rewrite the include, reload, and drain."""
