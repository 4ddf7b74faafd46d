"""Here so that no other distribution's `tests` package is imported in its place."""
