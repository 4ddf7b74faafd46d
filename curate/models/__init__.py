"""Arrays that are shipped, each with its card: what they are made of, and under which licence."""
