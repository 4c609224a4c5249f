"""Bikes for the city: passes, unlocks at docks that may be offline, fares, lost bikes, and the public feed."""
