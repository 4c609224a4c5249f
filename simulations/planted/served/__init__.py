"""A system with a bug planted in it, to be served for real under the name of this package."""

from __future__ import annotations

VARIABLE = "DOORBUSTER_PLANT"
"""The environment variable that names the bug."""
