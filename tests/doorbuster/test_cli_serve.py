"""A system served from the command line, and what the other verbs do with it meanwhile."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from command_lines import CommandLine, Process


@pytest.fixture(scope="module")
def serving(pocket_sale: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The bookstore, served under the terms of the pocket sale."""
    folder = tmp_path_factory.mktemp("serving")
    with Process(folder, "serve", "bookstore", "--scenario", pocket_sale, "--port", 0, "--format", "json") as process:
        process.wait_until(lambda: process.stdout.endswith("}\n"))
        yield process


@pytest.fixture
def served(serving: Process) -> dict[str, Any]:
    """What it printed."""
    document: dict[str, Any] = json.loads(serving.stdout)
    return document


def test_it_is_ready_when_it_says_where(served: dict[str, Any]) -> None:
    assert httpx.get(f"{served['url']}/readyz").status_code == 200
    for url in served["docs"].values():
        assert httpx.get(url).status_code == 200


def test_there_is_a_token_for_every_role(served: dict[str, Any]) -> None:
    assert sorted(served["tokens"]) == ["customer", "device", "staff"]
    headers = {"Authorization": f"Bearer {served['tokens']['customer']}"}

    assert httpx.get(f"{served['url']}/orders/orders", headers=headers).status_code == 200
    assert httpx.get(f"{served['url']}/orders/orders").status_code == 401


def test_nothing_has_been_set_aside(command_line: CommandLine, served: dict[str, Any]) -> None:
    document = command_line.json("dead-letters", "bookstore", "--broker", served["broker"], "--replay")

    assert document == {"system": "bookstore", "replayed": 0, "dead_letters": []}


def test_it_can_be_loaded(
    command_line: CommandLine, served: dict[str, Any], pocket_sale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORBUSTER_TOKEN_SECRET", served["token_secret"])

    document = command_line.json("load", pocket_sale, "--url", served["url"])

    assert [objective["status"] for objective in document["objectives"]] == ["met", "met"], document
    assert "60 " not in document["reasons"]
    assert list(Path(document["folder"]).glob("requests-*.jsonl"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_nothing_behind(start: Callable[..., Process], number: int) -> None:
    serving = start("serve", "bookstore", "--port", 0)
    serving.wait_until(lambda: "Ctrl-C stops everything." in serving.stdout)
    assert len(serving.processes()) > 5

    serving.popen.send_signal(number)

    assert serving.ended() == (0 if number == signal.SIGINT else 128 + signal.SIGTERM)
    assert serving.leaves_no_process()
    assert list(serving.temporary.iterdir()) == []
    assert "Traceback" not in serving.stderr
