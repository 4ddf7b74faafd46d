"""Every format there is."""
