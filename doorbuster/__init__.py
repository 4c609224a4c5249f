"""Doorbuster rehearses the rush before the doors open: the command line and everything that it puts together."""
