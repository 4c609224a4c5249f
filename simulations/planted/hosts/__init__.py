"""Bugs of hosts: what acknowledges, commits, restores or answers in the wrong order. Any system can have them."""

from __future__ import annotations

from ..plant import Plant
from .ack_on_exception import ACK_ON_EXCEPTION
from .answered_before_append import ANSWERED_BEFORE_APPEND
from .commit_before_append import COMMIT_BEFORE_APPEND
from .commit_of_the_latest import COMMIT_OF_THE_LATEST
from .decided_again import DECIDED_AGAIN
from .dedupe_window_too_short import DEDUPE_WINDOW_TOO_SHORT
from .idempotency_key_ignored import IDEMPOTENCY_KEY_IGNORED
from .reactions_forgotten import REACTIONS_FORGOTTEN
from .timer_beside_the_inbox import TIMER_BESIDE_THE_INBOX

PLANTS: tuple[Plant, ...] = (
    ACK_ON_EXCEPTION,
    ANSWERED_BEFORE_APPEND,
    COMMIT_BEFORE_APPEND,
    COMMIT_OF_THE_LATEST,
    DECIDED_AGAIN,
    DEDUPE_WINDOW_TOO_SHORT,
    IDEMPOTENCY_KEY_IGNORED,
    REACTIONS_FORGOTTEN,
    TIMER_BESIDE_THE_INBOX,
)
