"""What each part of the ear is worth: `python -m tools.ablate SCENES`."""
