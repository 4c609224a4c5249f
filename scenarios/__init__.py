"""Scenarios: who comes, what they do, what goes wrong, what must hold; and the folder in which a run is kept."""
