"""Diagrams and documents made from a system's wiring: what is drawn here cannot differ from what runs.

Pure: a system in, text out. Nothing here names a system.
"""
