"""Measurements of speed. They report figures beside the targets and judge nothing: machines are noisy."""
