"""A call to the outside on behalf of a process that may die before it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from reference_services.kernel.effect import Effect
from reference_services.kernel.message import Message
from reference_services.kernel.system import Service

from ..kafka.consumer import Work
from .process import Process


class Caller(Protocol):
    """The host on whose behalf calls are made."""

    service: Service
    process: Process

    def answered(self, work: Work, command: Message[Any] | None) -> None:
        """A call is over that was made because of ``work``; ``command`` records what came of it."""


class OutsideCall:
    """One call that ``effect`` makes because of ``event``, which a message in hand has led to."""

    __slots__ = ("_caller", "_life", "_work", "effect", "event")

    def __init__(self, caller: Caller, work: Work, effect: Effect, event: Message[Any]) -> None:
        self.effect = effect
        self.event = event
        self._caller = caller
        self._work = work
        self._life = caller.process.life

    @property
    def service(self) -> Service:
        """On whose behalf the call is made."""
        return self._caller.service

    @property
    def abandoned(self) -> bool:
        """Whether the process that made the call has died: nobody waits for the answer, or tries again."""
        return self._life != self._caller.process.life

    def answered(self, command: Message[Any] | None) -> None:
        """The call is over."""
        process = self._caller.process
        if self.abandoned:
            return
        if process.stopped:
            process.freeze(self.answered, command)
        else:
            self._caller.answered(self._work, command)


Perform = Callable[[OutsideCall], None]
