"""Streams: ordinary Faust apps made from a system's wiring. One app decides for a service, one reacts for it."""
