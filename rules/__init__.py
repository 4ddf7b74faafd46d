"""Policy: one YAML file a rule, and the packs that select them."""
