"""curate pares instruction datasets down to a clean core, and accounts for every row."""

__version__ = "0.1.0"
