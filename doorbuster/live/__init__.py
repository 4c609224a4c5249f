"""A live run: services, load, measurements, and one history out of all that was seen."""
