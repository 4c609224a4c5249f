"""Streams: ordinary Faust apps made from a system's wiring. One app a service."""
