"""A machine with a real systemd, the service as it is shipped, and the simulated card: how soon it hears again."""
