"""Recipes: run, copy, change; nothing imports them."""
