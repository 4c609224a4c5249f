"""The kernel: the vocabulary in which every system is written. Pure; imports nothing of the project."""
