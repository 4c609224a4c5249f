"""Virtual time as a stage for faults: everything that can go wrong here, by the words that all faults use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from reference_services.kernel.random_streams import stream
from scenarios.faults.stage import CannotHappenHere, Kind

from .gateway import VirtualGateway
from .hosts.process import Process
from .network import Network
from .world import World

NO_LINKS = "there are no connections in virtual time; cut a process off by deaf_process or mute_process"


class VirtualStage:
    """Implements `scenarios.faults.stage.Stage` over a simulated world. Raises KeyError for an unknown target."""

    def __init__(self, world: World, network: Network, seed: int) -> None:
        self._world = world
        self._network = network
        self._seed = seed

    def targets(self, kind: Kind) -> tuple[str, ...]:
        """The processes of that kind, in wiring order."""
        if kind == "gateway":
            return tuple(self._world.gateways)
        return tuple(self._world.workers) if kind == "worker" else ()

    def kill(self, target: str) -> None:
        """The process is gone, with everything in it."""
        gateway = self._world.gateways.get(target)
        if gateway is not None:
            gateway.kill()
        else:
            self._process(target).kill()

    def start(self, target: str) -> None:
        """It is there again, empty."""
        gateway = self._world.gateways.get(target)
        if gateway is not None:
            gateway.start()
        else:
            self._process(target).start()

    def stop(self, target: str) -> None:
        """It stands still."""
        self._process(target).stop()

    def go_on(self, target: str) -> None:
        """It goes on."""
        self._process(target).go_on()

    def turn_provider(self, knobs: Mapping[str, Any]) -> None:
        """These knobs are turned; the others stay as they are."""
        provider = self._world.provider.provider
        provider.misbehaviour = msgspec.structs.replace(provider.misbehaviour, **knobs)

    def turn_provider_back(self, knobs: Mapping[str, Any]) -> None:
        """These knobs are as the scenario has them."""
        self.turn_provider({name: getattr(self._world.knobs, name) for name in knobs})

    def set_clock(self, target: str, ahead_us: int) -> None:
        """The clock of a process is wrong by this much."""
        self._process(target).set_clock(ahead_us)

    def set_zone(self, target: str, ahead_us: int) -> None:
        """The wall clock of a process shows another zone's time."""
        self._process(target).zone_us = ahead_us

    def delay_broker(self, extra_us: int) -> None:
        """Everything is late by the same time."""
        for log in self._world.broker.logs():
            log.extra_us = extra_us

    def scatter_topics(self, up_to_us: int) -> None:
        """Each partition is late by a time of its own."""
        for log in self._world.broker.logs():
            draw = stream(self._seed, "fault.scatter", log.name)
            log.extra_us = draw.randrange(up_to_us + 1) if up_to_us else 0

    def copy_messages(self, share: float) -> None:
        """Some of what is appended is appended twice."""
        for log in self._world.broker.logs():
            draw = stream(self._seed, "fault.copies", log.name)
            log.copies = (lambda draw=draw: int(draw.random() < share)) if share else None

    def cut_reading(self, target: str) -> None:
        """Nothing from the broker gets through to the process."""
        gateway = self._world.gateways.get(target)
        if gateway is not None:
            gateway.stop_listening()
        for consumer in self._process(target).consumers:
            consumer.cut_off()

    def cut_writing(self, target: str) -> None:
        """Nothing from the process gets through to the broker."""
        self._process(target).producer.cut_off = True

    def reconnect(self, target: str) -> None:
        """Everything gets through."""
        process = self._process(target)
        process.producer.cut_off = False
        process.producer.flush()
        for consumer in process.consumers:
            consumer.reconnect()
        gateway = self._world.gateways.get(target)
        if gateway is not None:
            gateway.listen()

    def slow_gateway(self, factor: float) -> None:
        """Every request takes this many times as long."""
        for gateway in self._world.gateways.values():
            gateway.slowness = factor

    def repeat_requests(self, copies: int, every_us: int) -> None:
        """Clients send their requests again and again."""
        self._network.copies, self._network.copy_every_us = copies, every_us

    def slow_link(self, caller: str, callee: str, extra_us: int) -> None:
        """Connections are not simulated. Raises `CannotHappenHere`."""
        raise CannotHappenHere(NO_LINKS)

    def cut_link(self, caller: str, callee: str) -> None:
        """Connections are not simulated. Raises `CannotHappenHere`."""
        raise CannotHappenHere(NO_LINKS)

    def mend_link(self, caller: str, callee: str) -> None:
        """Connections are not simulated. Raises `CannotHappenHere`."""
        raise CannotHappenHere(NO_LINKS)

    def _process(self, target: str) -> Process:
        gateway: VirtualGateway | None = self._world.gateways.get(target)
        return gateway.process if gateway is not None else self._world.workers[target]
