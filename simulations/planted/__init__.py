"""Bugs planted on purpose: what a search that is worth its time must find. Nothing that serves anybody loads them."""
