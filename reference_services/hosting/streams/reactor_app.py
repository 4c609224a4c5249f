"""The app that reacts for one service: one agent for its policies, one for its effects.

It is an app of its own, with its own consumer group, because Faust hands the changelog of a table to recovery only.
A record may be reacted to more than once; the commands that follow have the same ids each time, and the calls outside
the same idempotency keys, so the repetition changes nothing.
"""

from __future__ import annotations

import asyncio

from faust.types import EventT

from ...kernel.codec import Codec
from ...kernel.effect import Effect
from ...kernel.message import Event, Message
from ...kernel.policy import Policy
from ...kernel.system import Service, System
from ..effects import EffectCaller
from ..metrics import IN_FLIGHT, ReactorCounts
from ..settings import Settings
from ..timers import clock_us
from .acknowledgements import Pending
from .agents import Agent
from .app import StreamsApp
from .outbox import Outbox

EFFECTS_IN_FLIGHT = 256


class ReactorApp:
    """Runs the policies and effects of one service on the events of every service that they react to."""

    def __init__(self, system: System, service: Service, settings: Settings) -> None:
        self._system = system
        self._service = service
        self.app = StreamsApp(f"{system.source(service)}.reactions", settings)
        self._outbox = Outbox(self.app, system, service, settings.partitions)
        self._codec = Codec(system)
        self._caller = EffectCaller(system, service, settings) if service.effects else None
        self.agents: tuple[Agent, ...] = ()
        if service.policies:
            policies = PoliciesAgent(system, service, self.app, self._outbox)
            self._add("policies", policies.agent, {policy.on for policy in service.policies})
        if self._caller is not None:
            effects = EffectsAgent(system, service, self.app, self._outbox, self._caller)
            self._add("effects", effects.agent, {effect.on for effect in service.effects})

    def activity(self) -> int:
        """Grows while the app gets something done that its offsets do not show: calling the outside."""
        return self._caller.attempts if self._caller is not None else 0

    async def close(self) -> None:
        """Let go of connections to the outside."""
        if self._caller is not None:
            await self._caller.close()

    def _add(self, name: str, agent: Agent, event_types: set[type[Event]]) -> None:
        owners = {self._system.owner(event_type)[0].name for event_type in event_types}
        topics = [self._system.events_topic(other) for other in self._system.services if other.name in owners]
        self.app.agent(self.app.raw_topic(*topics), name=name)(agent.run)
        self.agents += (agent,)


class PoliciesAgent:
    """Turns events into commands for whoever decides them."""

    def __init__(self, system: System, service: Service, app: StreamsApp, outbox: Outbox) -> None:
        self._system = system
        self._source = system.source(service)
        self._codec = Codec(system)
        self._outbox = outbox
        self._counts = ReactorCounts(service.name, "policies")
        self._policies: dict[type, list[Policy]] = {}
        for policy in service.policies:
            self._policies.setdefault(policy.on, []).append(policy)
        self.agent = Agent(app, outbox, self._handle)

    async def _handle(self, event: EventT, pending: Pending) -> None:
        self._counts.reacted.inc()
        try:
            commands = self._react(event.message.value or b"")
        except Exception as error:  # a record that cannot be read or reacted to must not stop the others
            await self.agent.set_aside(event, pending, error)
            self._counts.dead_lettered.inc()
            return
        for command in commands:
            self.agent.wait_for(await self._outbox.append_command(command), pending)
            self._counts.commanded.inc()

    def _react(self, payload: bytes) -> list[Message]:
        commands: list[Message] = []
        for message in self._codec.decode_record(payload):
            policies = self._policies.get(type(message.data))
            if policies is not None:
                commands += self._system.react(message, policies, clock_us(), self._source)
        return commands


class EffectsAgent:
    """Calls the outside for events, many at once, and turns the answers into commands."""

    def __init__(self, system: System, service: Service, app: StreamsApp, outbox: Outbox, caller: EffectCaller) -> None:
        self._codec = Codec(system)
        self._outbox = outbox
        self._caller = caller
        self._counts = ReactorCounts(service.name, "effects")
        self._effects: dict[type, list[Effect]] = {}
        for effect in service.effects:
            self._effects.setdefault(effect.on, []).append(effect)
        self._slots = asyncio.Semaphore(EFFECTS_IN_FLIGHT)
        self._calls: set[asyncio.Task[None]] = set()
        self.agent = Agent(app, outbox, self._handle)
        IN_FLIGHT.labels(service.name).set_function(self._calls.__len__)

    async def _handle(self, event: EventT, pending: Pending) -> None:
        self._counts.reacted.inc()
        try:
            record = self._codec.decode_record(event.message.value or b"")
        except Exception as error:  # a record that cannot be read must not stop the others
            await self._set_aside(event, pending, error)
            return
        for message in record:
            for effect in self._effects.get(type(message.data), ()):
                await self._slots.acquire()
                pending.open_steps += 1
                call = asyncio.create_task(self._call(effect, message, event, pending))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)

    async def _call(self, effect: Effect, message: Message, event: EventT, pending: Pending) -> None:
        try:
            command = await self._caller.call(effect, message)
            if command is not None:
                self.agent.wait_for(await self._outbox.append_command(command), pending)
                self._counts.commanded.inc()
        except Exception as error:  # an effect that cannot make a request or read an answer must not stop the others
            await self._set_aside(event, pending, error)
        finally:
            self._slots.release()
        self.agent.acknowledgements.finish(pending)

    async def _set_aside(self, event: EventT, pending: Pending, error: Exception) -> None:
        await self.agent.set_aside(event, pending, error)
        self._counts.dead_lettered.inc()
