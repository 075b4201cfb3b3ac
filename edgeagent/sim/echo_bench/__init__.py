"""How well an echo canceller does: scenes with a known truth, cancellers of others to compare with, figures."""
