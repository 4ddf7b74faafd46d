"""Files with planted defects, and what `curate clean` finds in them."""
