"""Logs: one JSON object a line on stderr, whoever logs: our own code, Faust, aiokafka or uvicorn."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog

LogLevel = Literal["debug", "info", "warning", "error"]

CHATTY = ("aiokafka", "asyncio", "faust", "kafka", "mode", "uvicorn", "reference_services.hosting.streams")
"""Libraries that tell every step of their work at ``info``; they are heard from ``warning`` on, or all at ``debug``.
Faust logs under the name of the module that a class is defined in, hence the last one."""


def configure_logs(level: LogLevel, process: str) -> None:
    """Send every log line of this process to stderr as JSON, with the name of the ``process`` in it."""

    def name_process(_logger: Any, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        line["process"] = process
        return line

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    _install(handler, level)


def _install(handler: logging.Handler, level: LogLevel) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel("DEBUG" if level == "debug" else max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    # An access line per request costs more than many requests do; requests are counted by metrics instead.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
