"""What is learnt from texts and vectors: heads, noise, matches, neighbours, core-sets."""
