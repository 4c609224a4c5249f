"""Hosting: runs a system for real. Faust decides and reacts, FastAPI serves, a supervisor keeps the processes alive."""
