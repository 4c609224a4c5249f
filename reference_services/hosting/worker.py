"""Runs one service or several: decides, has policies react to what was decided, and calls the outside.

``python -m reference_services.hosting.worker --service orders`` prints one line of JSON once its pages can be read:
``{"listening": "127.0.0.1:40001"}``. SIGTERM and SIGINT stop it cleanly.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from mode.loop import use

from ..kernel.system import Service, System
from ..processes.logs import configure_logs
from ..processes.memory import collect_rarely
from ..registry import BadTerms, UnknownSystem, load_system
from .broker import TopicMismatch, create_topics
from .pages import Pages
from .settings import BadSettings, Settings
from .streams.crash import crash
from .streams.decider_app import DeciderApp
from .watchdog import Watchdog

FAILED = 1
USAGE = 2
STOP_LIMIT_S = 10.0

logger = structlog.stdlib.get_logger(__name__)


class Worker:
    """Some services of a system, a Faust app each, in one process and on one loop."""

    def __init__(self, system: System, services: Sequence[Service], settings: Settings) -> None:
        self._system = system
        self._settings = settings
        self._hosts = [DeciderApp(system, service, settings) for service in services]
        self._watchdogs = {host.app.conf.id: Watchdog(host) for host in self._hosts}
        self._pages = Pages(lambda: {group: watchdog.ready for group, watchdog in self._watchdogs.items()})

    async def run(self) -> None:
        """Work until told to stop; a Faust app that stops by itself ends the process."""
        told_to_stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
        await create_topics(self._settings, self._system)
        await self._pages.start(self._settings.metrics_port)
        running = [asyncio.create_task(self._keep_running(host.app)) for host in self._hosts]
        running += [asyncio.create_task(self._keep_watching(watchdog)) for watchdog in self._watchdogs.values()]
        await told_to_stop.wait()
        for task in running:
            task.cancel()
        await self._stop()

    async def _keep_running(self, app: Any) -> None:
        try:
            await app.start()
            await app.wait_until_stopped()
        except Exception as error:  # an app that is not running is as good as none, whatever was the reason
            crash("a Faust app did not start", error, app=app.conf.id)
        crash("a Faust app stopped", app.crash_reason, app=app.conf.id)

    async def _keep_watching(self, watchdog: Watchdog) -> None:
        try:
            await watchdog.run()
        except Exception as error:  # a worker that nobody watches might stand still for ever
            crash("the watchdog failed", error)

    async def _stop(self) -> None:
        stops = [host.stop() for host in self._hosts]
        try:
            await asyncio.wait_for(asyncio.gather(*stops, return_exceptions=True), STOP_LIMIT_S)
        except TimeoutError:
            logger.warning("worker stopped without finishing", limit_s=STOP_LIMIT_S)
        await self._pages.stop()


def chosen(system: System, names: str) -> list[Service]:
    """The services that ``names``, separated by commas, choose. Raises `BadSettings`."""
    offered = {service.name: service for service in system.deciding}
    unknown = [name for name in names.split(",") if name not in offered]
    if unknown:
        raise BadSettings(f"{system.name} has no service {unknown[0]!r}; choose of {', '.join(offered)}")
    return [offered[name] for name in names.split(",")]


async def run(settings: Settings, names: str) -> None:
    """Build and run the worker. Apps are made here because Faust ties them to the loop that runs."""
    system = load_system(settings.system, settings.terms)
    await Worker(system, chosen(system, names), settings).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until told to stop. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="worker", description="Runs services of a system.")
    parser.add_argument("--service", required=True, metavar="NAME[,NAME]", help="the services, e.g. orders,inventory")
    names = parser.parse_args(arguments).service
    try:
        settings = Settings.from_environment()
        configure_logs(settings.log_level, f"worker {names}")
        collect_rarely()
        use("uvloop")
        asyncio.run(run(settings, names))
    except (BadSettings, BadTerms, UnknownSystem) as error:
        sys.stderr.write(f"worker: {error}\n")
        return USAGE
    except (TopicMismatch, KafkaError) as error:
        sys.stderr.write(f"worker: {error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
