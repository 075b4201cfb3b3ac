"""What is said, and what follows from it: pure, like the turn machine, and with no sound in it."""
