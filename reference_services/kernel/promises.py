"""What every system promises, each with events of its own: a success stands, and whatever is under way comes to rest.

A system says which of its events count by handlers that call `AcceptedIsKept.keep`, and `begin`, `rest` and `wait` of
`EverythingSettles`.
"""

from __future__ import annotations

from .history import Answered
from .invariant import Invariant
from .message import Message, Refused
from .observer import on
from .operation import is_client_command

ACCEPTED = 202


class AcceptedIsKept(Invariant):
    """Every success that a client was told of must be in the history.

    202 says that the command is taken in, not what will be decided; so a later refusal keeps that promise too.
    """

    name = "accepted-is-kept"
    statement = "A command that was answered with success has been decided."

    def __init__(self) -> None:
        super().__init__()
        self._decided: set[str] = set()
        self._refused: set[str] = set()
        self._promised: dict[str, Answered] = {}

    def keep(self, message: Message) -> None:
        """What a client may have been promised is in the history."""
        if is_client_command(message.causation_id):
            self._decided.add(message.causation_id)
            self._promised.pop(message.causation_id, None)

    @on(Refused)
    def refused(self, message: Message[Refused]) -> None:
        """A later refusal of what was taken in."""
        self._refused.add(message.causation_id)

    @on(Answered)
    def answered(self, message: Message[Answered]) -> None:
        """A promise, if it is a success."""
        answer = message.data
        if answer.outcome == "ok" and answer.command_id and answer.command_id not in self._decided:
            self._promised[answer.command_id] = answer

    def finish(self, end_us: int) -> None:
        """No promise may be open."""
        for command_id, answer in self._promised.items():
            if answer.status != ACCEPTED or command_id not in self._refused:
                text = f"{answer.operation} was answered with success but never decided ({command_id})"
                self.violate(text, time_us=end_us)


class EverythingSettles(Invariant):
    """Liveness: whatever is under way comes to rest, in a final state or under a running deadline.

    Asking again is not progress: what counts is since when something has not been at rest. What waits for a deadline is
    at rest only until then. What comes to rest is named by a key, mostly the subject of its aggregate.
    """

    name = "everything-settles"

    def __init__(self, bound_us: int) -> None:
        super().__init__()
        self._bound_us = bound_us
        self._since_us: dict[str, int] = {}

    def begin(self, key: str, now_us: int) -> None:
        """It is under way, if it was not before."""
        since_us = self._since_us.get(key)
        if since_us is None or now_us < since_us:
            self._since_us[key] = now_us

    def rest(self, key: str) -> None:
        """It has come to rest."""
        self._since_us.pop(key, None)

    def wait(self, key: str, until_us: int) -> None:
        """It is at rest until then; for good if that is 0."""
        if until_us:
            self._since_us[key] = until_us
        else:
            self.rest(key)

    def finish(self, end_us: int) -> None:
        """Nothing may have been under way for longer than the bound."""
        for key, since_us in self._since_us.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{key} is {end_us - since_us} us overdue", subject=key, time_us=end_us)
