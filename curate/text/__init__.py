"""What can be said of texts alone: which count as the same, what stands in them, what is shown."""
