"""A system with a bug planted in it, to be served for real under the name of this package."""
