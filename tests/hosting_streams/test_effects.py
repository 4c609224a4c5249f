"""Calls to the outside, against a server that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from aiohttp import web
from running_system import TURNSTILE

from reference_services.hosting.effects import EffectCaller
from reference_services.hosting.settings import BadSettings, Settings
from reference_services.kernel.effect import Effect, RetryPlan
from reference_services.kernel.message import Command, Message
from reference_services.registry import load_system
from tests.hosting_streams.turnstile.system import TELL, RecordReceipt, TollAsked

Result = TypeVar("Result")
PLAN = RetryPlan(attempts=4, timeout_us=300_000, base_us=1_000, cap_us=2_000)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ASKED = Message(
    "toll/t-1/1/0", "turnstile.tolls", "TollAsked", "toll/t-1", 7, TollAsked("t-1", "ada"), 1, "c", "corr", TRACEPARENT
)
GIVING_UP = Effect("tell", TollAsked, TELL.request, TELL.answer, lambda event, reason: RecordReceipt("t-1", reason))


class Outside:
    """Answers with one status after another (0: never) and keeps the requests."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        status = self._statuses.pop(0)
        if status == 0:
            await asyncio.sleep(0.5)
        return web.json_response({"message_id": "m-1"}, status=status)

    def ask(self, effect: Effect = TELL) -> tuple[Message[Command] | None, int]:
        """What comes of ``effect`` for the event above, and the number of attempts."""

        async def call(url: str) -> tuple[Message[Command] | None, int]:
            system = load_system(TURNSTILE, {})
            settings = Settings(system=TURNSTILE, provider_url=url)
            caller = EffectCaller(system, system.service("tolls"), settings, PLAN)
            try:
                return await caller.call(effect, ASKED), caller.attempts
            finally:
                await caller.close()

        return asyncio.run(self._served(call))

    async def _served(self, work: Callable[[str], Awaitable[Result]]) -> Result:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(application, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        try:
            return await work(f"http://{host}:{port}")
        finally:
            await runner.cleanup()


def test_an_answer_becomes_a_command() -> None:
    outside = Outside(200)

    command, attempts = outside.ask()

    assert attempts == 1
    assert command is not None
    assert command.data == RecordReceipt("t-1", "m-1")
    assert (command.id, command.causation_id, command.correlation_id) == ("toll/t-1/1/0:tell:done", ASKED.id, "corr")
    assert command.traceparent.split("-")[1] == TRACEPARENT.split("-")[1]
    assert command.time_us > ASKED.time_us
    ((method, path, headers, body),) = outside.requests
    assert (method, path) == ("POST", "/messages")
    assert headers["traceparent"].split("-")[1] == TRACEPARENT.split("-")[1]
    assert b'"ada"' in body


def test_a_call_is_repeated_under_the_same_key_until_it_is_answered() -> None:
    outside = Outside(503, 0, 429, 200)

    command, attempts = outside.ask()

    assert attempts == 4
    assert command is not None
    keys = {headers.get("idempotency-key") for _, _, headers, _ in outside.requests}
    assert keys == {"t-1"}


def test_a_call_is_given_up_after_its_last_attempt() -> None:
    command, attempts = Outside(500, 500, 500, 500, 200).ask(GIVING_UP)

    assert attempts == 4
    assert command is not None
    assert isinstance(command.data, RecordReceipt)
    assert command.data.message_id.startswith("status 500")
    assert command.id == "toll/t-1/1/0:tell:gave-up"


def test_giving_up_may_leave_it_to_the_aggregate() -> None:
    command, _ = Outside(500, 500, 500, 500).ask()

    assert command is None


def test_a_call_that_is_rejected_is_not_repeated() -> None:
    command, attempts = Outside(422, 200).ask(GIVING_UP)

    assert attempts == 1
    assert command is not None


def test_an_event_that_needs_no_call_makes_none() -> None:
    outside = Outside()

    assert outside.ask(Effect("tell", TollAsked, lambda event: None, TELL.answer)) == (None, 0)
    assert outside.requests == []


def test_effects_need_to_know_where_the_outside_is() -> None:
    system = load_system(TURNSTILE, {})

    with pytest.raises(BadSettings, match="DOORBUSTER_PROVIDER_URL"):
        EffectCaller(system, system.service("tolls"), Settings(system=TURNSTILE))
