"""One file a signal: a pure function from a frame to the columns it declares."""
