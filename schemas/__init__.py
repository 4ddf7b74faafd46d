"""Contracts: JSON Schemas exported from the pydantic models."""
