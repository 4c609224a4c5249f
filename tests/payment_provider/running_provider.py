"""A provider as a process, and a receiver for its webhooks, both on loopback and gone at the end."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
from aiohttp import web

from reference_services.payment_provider.misbehaviour import Misbehaviour

PROJECT_ROOT = Path(__file__).parent.parent.parent
WEBHOOK_SECRET = "whsec_dGhlIG1hY2hpbmUncyBzZWNyZXQ="
PROMPT = Misbehaviour(latency_median_us=0, latency_p99_us=0, settle_median_us=1_000, settle_p99_us=1_000)
LIMIT_S = 20.0


class RunningProvider:
    """A provider process that listens, as a context, and a client to talk to it."""

    def __init__(
        self, knobs: Misbehaviour = PROMPT, *, journal: str = "", webhook_url: str = "", seed: int = 7
    ) -> None:
        self._environment = {
            "DOORBUSTER_PROVIDER_PORT": "0",
            "DOORBUSTER_PROVIDER_SEED": str(seed),
            "DOORBUSTER_PROVIDER_KNOBS": msgspec.json.encode(knobs).decode(),
            "DOORBUSTER_PROVIDER_JOURNAL": journal,
            "DOORBUSTER_PROVIDER_WEBHOOK_URL": webhook_url,
            "DOORBUSTER_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    def __enter__(self) -> Self:
        self.process = start_process(self._environment)
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.url = f"http://{json.loads(line)['listening']}"
        self.client = httpx.Client(base_url=self.url, timeout=LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.kill()

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> tuple[int, str]:
        """SIGTERM. Returns the exit code and what was written to stderr."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, errors

    def authorize(self, payment_id: str, **body: Any) -> httpx.Response:
        """Ask for 1000 cents, under the payment's id as the key."""
        asked = {"payment_id": payment_id, "amount_cents": 1_000, "card_token": "card-ok", **body}
        return self.client.post("/payments", json=asked, headers=keyed(payment_id))

    def turn(self, knobs: Misbehaviour) -> None:
        """Have it misbehave in another way from now on."""
        self.client.put("/knobs", json=msgspec.to_builtins(knobs)).raise_for_status()

    def ledger(self) -> list[dict[str, Any]]:
        """The provider's books."""
        entries: list[dict[str, Any]] = self.client.get("/ledger").json()
        return entries

    def wait_for_ledger(self, length: int) -> list[dict[str, Any]]:
        """The provider's books, once they have that many entries."""
        wait_until(lambda: len(self.ledger()) >= length)
        return self.ledger()


class Receiver:
    """Takes webhooks over HTTP, as a context. ``answer`` gives the status for each; all are kept."""

    def __init__(self, answer: Callable[[int], int] = lambda number: 204) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)
        self._loop.close()

    def wait_for(self, webhooks: int) -> list[tuple[dict[str, str], bytes]]:
        """What was taken, once there is that much."""
        wait_until(lambda: len(self.taken) >= webhooks)
        return list(self.taken)

    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of what was taken."""
        return [json.loads(body) for _, body in self.taken]

    async def _start(self) -> str:
        application = web.Application()
        application.router.add_post("/webhooks", self._take)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/webhooks"

    async def _take(self, request: web.Request) -> web.Response:
        self.taken.append((dict(request.headers), await request.read()))
        return web.Response(status=self._answer(len(self.taken)))


def start_process(environment: dict[str, str]) -> subprocess.Popen[str]:
    """A provider process with these settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "reference_services.payment_provider"],
        env={**os.environ, **environment},
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def keyed(key: str) -> dict[str, str]:
    """The header of an idempotency key."""
    return {"Idempotency-Key": key}


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once ``condition`` holds; fail if it takes too long."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)
