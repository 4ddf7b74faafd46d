"""Where batches of rows are scored."""
