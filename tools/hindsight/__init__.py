"""How a policy with other constants would have decided, on what the ear has heard once."""
