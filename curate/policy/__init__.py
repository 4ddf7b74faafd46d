"""Rules as data: what one is, what it finds, shows and mends, and the proof that it does."""
