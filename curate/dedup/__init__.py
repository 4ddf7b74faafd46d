"""Rows that are alike: copies, near-copies, evaluation items; found, grouped, kept on disk."""
