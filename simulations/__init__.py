"""Simulations: the same systems, with the same decisions, in virtual time."""
