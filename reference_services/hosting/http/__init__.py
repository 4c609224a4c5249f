"""The HTTP side of a system: one FastAPI app a service, made from its operations and mounted under its name."""
