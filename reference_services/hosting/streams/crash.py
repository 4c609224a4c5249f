"""Ending a worker at once when its memory and the log may differ: the next one reads the log and is right again."""

from __future__ import annotations

import os
from typing import NoReturn

import structlog

EXIT_CRASHED = 70
"""Exit status of a worker that gave up on itself (EX_SOFTWARE of sysexits.h)."""

logger = structlog.stdlib.get_logger(__name__)


def crash(reason: str, error: BaseException | None = None, **details: object) -> NoReturn:
    """Log why and end the process without unwinding, so that nothing more is appended, acknowledged or committed."""
    logger.critical("worker crashed", reason=reason, error=repr(error) if error else "", exc_info=error, **details)
    os._exit(EXIT_CRASHED)
