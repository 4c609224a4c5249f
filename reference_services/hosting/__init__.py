"""Hosting: runs a system for real. Faust decides, reacts and calls, FastAPI serves, a supervisor keeps all alive."""
