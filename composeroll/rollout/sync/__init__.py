"""Upstreams made right again without a rollout: seen, mended once, and watched over."""
