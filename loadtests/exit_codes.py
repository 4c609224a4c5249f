"""How a process that sends load ends, in the codes of the command line."""

from __future__ import annotations

PASS = 0
"""The load was sent as planned."""

USAGE = 2
"""It could not begin; the message says what to change."""

INVALID = 4
"""What was run proves nothing; the reasons have been told."""
