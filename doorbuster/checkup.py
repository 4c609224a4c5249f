"""Looks at a machine and says whether Doorbuster can work on it, and what to install or change."""

from __future__ import annotations

import os
import re
import resource
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from reference_services.hosting.broker import LOOPBACK, BrokerFailed, EmbeddedBroker, accepts

OLDEST_PYTHON = (3, 11)
SERVE_PORT = 8080
CORES_WANTED = 2
MEMORY_WANTED_BYTES = 2_000_000_000
DISK_WANTED_BYTES = 1_000_000_000
OPEN_FILES_WANTED = 5_200
"""What a load generator needs for its connections; see ``loadtests/runner.py``."""

LOCK = Path(__file__).parent.parent / "requirements.lock"

_LOCKED = re.compile(r"^([a-z0-9-]+)==([^ ]+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")

Status = Literal["ok", "warning", "problem"]


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at. ``advice`` says what to do about a warning or a problem."""

    name: str
    status: Status
    found: str
    advice: str = ""


def examine() -> Iterator[Check]:
    """Every check, in the order in which one would mend things. Problems stop Doorbuster; warnings slow it down."""
    yield _python()
    yield from _packages()
    yield _broker()
    yield _loopback()
    yield _port()
    yield _cores()
    yield _memory()
    yield _open_files()
    yield _disk()


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Check("python", "ok", found)
    return Check("python", "problem", found, "install Python 3.11 or newer, then: make setup PYTHON=python3.12")


def _packages() -> Iterator[Check]:
    missing = [name for name in _needed() if not _version(name)]
    if missing:
        yield Check("packages", "problem", f"missing: {', '.join(missing)}", "make setup")
        return
    if not LOCK.exists():
        yield Check("packages", "ok", "all there; no lock to compare them with")
        return
    locked: dict[str, set[str]] = {}
    for name, number in _LOCKED.findall(LOCK.read_text(encoding="utf-8")):
        locked.setdefault(name, set()).add(number)
    others = [f"{name} {_version(name)}" for name, numbers in locked.items() if _version(name) not in {"", *numbers}]
    if others:
        yield Check("packages", "warning", f"not as locked: {', '.join(others)}", "make setup")
    else:
        yield Check("packages", "ok", "as locked")


def _needed() -> Iterator[str]:
    """The distributions that Doorbuster cannot do without."""
    for requirement in requires("doorbuster") or ():
        name = _NAME.match(requirement)
        if name and "extra ==" not in requirement and not _not_for_here(requirement):
            yield name[0]


def _not_for_here(requirement: str) -> bool:
    return 'sys_platform != "win32"' in requirement and sys.platform == "win32"


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _broker() -> Check:
    try:
        with EmbeddedBroker() as broker:
            return Check("broker", "ok", f"the embedded one starts, e.g. at {broker.url}")
    except (BrokerFailed, OSError) as error:
        advice = "make clean setup, or set DOORBUSTER_BROKER=kafka://host:port"
        return Check("broker", "problem", str(error), advice)


def _loopback() -> Check:
    with socket.socket() as listening:
        try:
            listening.bind((LOOPBACK, 0))
            listening.listen()
            reached = accepts(LOOPBACK, listening.getsockname()[1])
        except OSError as error:
            return Check("loopback", "problem", str(error), f"allow programs to listen on {LOOPBACK}")
    if reached:
        return Check("loopback", "ok", f"{LOOPBACK} can be reached")
    return Check("loopback", "problem", f"{LOOPBACK} cannot be reached", "allow connections to it in the firewall")


def _port() -> Check:
    if accepts(LOOPBACK, SERVE_PORT):
        return Check("port", "warning", f"{SERVE_PORT} is taken", "choose another one: doorbuster serve --port")
    return Check("port", "ok", f"{SERVE_PORT} is free")


def _cores() -> Check:
    cores = os.cpu_count() or 1
    if cores >= CORES_WANTED:
        return Check("cores", "ok", str(cores))
    return Check("cores", "warning", str(cores), "a live run shares it with its load; lower the scenario's arrivals")


def _memory() -> Check:
    free = psutil.virtual_memory().available
    if free >= MEMORY_WANTED_BYTES:
        return Check("memory", "ok", f"{free / 1e9:.1f} GB free")
    return Check("memory", "warning", f"{free / 1e9:.1f} GB free", "close other programs before a live run")


def _open_files() -> Check:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY or most >= OPEN_FILES_WANTED:
        return Check("open files", "ok", "unlimited" if most == resource.RLIM_INFINITY else f"{most:,} a process")
    return Check("open files", "warning", f"{most:,} a process", f"ulimit -Hn {OPEN_FILES_WANTED}, as an administrator")


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    if free >= DISK_WANTED_BYTES:
        return Check("disk", "ok", f"{free / 1e9:.1f} GB free")
    return Check("disk", "warning", f"{free / 1e9:.1f} GB free", "remove old runs: a rehearsal keeps some 30 MB")
