"""W3C Trace Context at the edge: take up the caller's trace, or begin one."""

from __future__ import annotations

import re
import secrets

TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
SAMPLED = "01"


def server_traceparent(received: str) -> str:
    """The context of a request's own span, in the caller's trace if ``received`` is valid, else in a new one.

    Always of version 00, which later versions must stay readable as. Source: W3C Trace Context, sections 3.2 and 4.3.
    """
    span_id = secrets.token_hex(8)
    match = TRACEPARENT.fullmatch(received)
    if match is not None:
        version, trace_id, parent_id, flags, more = match.groups()
        known = version != "ff" and not (version == "00" and more)
        if known and trace_id.strip("0") and parent_id.strip("0"):
            return f"00-{trace_id}-{span_id}-{flags}"
    return f"00-{secrets.token_hex(16)}-{span_id}-{SAMPLED}"


def trace_id_of(traceparent: str) -> str:
    """The trace that ``traceparent`` belongs to."""
    return traceparent[3:35]
