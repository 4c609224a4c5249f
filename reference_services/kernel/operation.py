"""Operations: each API call described once. HTTP routes, the simulated gateway and the journeys all use these.

An `Action` sends one command and reports what became of it; a `Query` reads views. Neither does any I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from .message import Command, derived_id
from .projection import Views

Role = str
"""Who calls: ``customer``, ``device`` (a store's), ``staff``, ``provider``; ``anyone`` needs no token."""

ANYONE: Role = "anyone"

CLIENT_COMMAND = "c-"
"""How the id of every command begins that an API call asks for."""


class Principal(msgspec.Struct, frozen=True):
    """The authenticated caller: who it is and in which role."""

    subject: str
    role: Role


class Call(msgspec.Struct, frozen=True):
    """One API call after authentication and validation.

    ``body`` is an instance of the operation's ``body`` type, of a query's ``parameters``, or None. ``command_id``
    derives from the caller, the operation and the idempotency key, so a retried call asks for the same command.
    ``views_age_us`` is how long ago the views were last known to hold everything that had happened, and ``base_url``
    where the caller finds the API, without a slash at the end; it is empty where nobody follows links.
    """

    principal: Principal
    path: Mapping[str, str]
    body: Any
    command_id: str
    now_us: int
    views_age_us: int = 0
    base_url: str = ""

    def new_id(self, prefix: str) -> str:
        """The id of a thing that this call creates; the same again if the call is retried."""
        return f"{prefix}-{derived_id(prefix, self.command_id)}"


class Outcome(msgspec.Struct, frozen=True):
    """What a call has led to so far.

    ``body`` is the representation to answer with. While ``settled`` is false there is more to come, and a caller may
    wait for it. ``refused`` is the reason (a slug of the system's refusals) if a business rule said no in the end.
    """

    body: Any
    settled: bool = True
    refused: str = ""


class Accepted(msgspec.Struct, frozen=True):
    """Taken in; nothing more to say."""

    accepted: bool = True


def accepted(command: Command, views: Views) -> Outcome:
    """The outcome of an action whose caller need not know what becomes of it."""
    return Outcome(Accepted())


class Query(msgspec.Struct, frozen=True):
    """A call that only reads. ``read`` raises `Problem` for what is not there or not the caller's.

    ``parameters`` is a flat struct of what may stand in the query string; ``call.body`` is an instance of it.
    """

    name: str
    path: str
    summary: str
    roles: tuple[Role, ...]
    read: Callable[[Call, Views], Outcome]
    answer: Any
    parameters: Any = None
    method: Literal["GET"] = "GET"


class Action(msgspec.Struct, frozen=True):
    """A call that changes something.

    ``command`` makes the command (raising `Problem` if views already show that it cannot be meant); ``outcome`` reads
    what came of it once it has been decided; ``location`` is where to ask later. ``created`` answers 201 rather than
    200. ``signed`` marks webhooks: authenticated by signature, identified by ``webhook-id``, answered once durable.
    """

    name: str
    method: Literal["POST", "PUT", "DELETE"]
    path: str
    summary: str
    roles: tuple[Role, ...]
    command: Callable[[Call, Views], Command]
    outcome: Callable[[Any, Views], Outcome]
    answer: Any
    body: Any = None
    location: Callable[[Any], str] | None = None
    created: bool = False
    signed: bool = False


def command_id_of(principal: Principal, operation: str, idempotency_key: str) -> str:
    """Id of the command that a call asks for: one per caller, operation and idempotency key."""
    return CLIENT_COMMAND + derived_id(principal.role, principal.subject, operation, idempotency_key)


def is_client_command(command_id: str) -> bool:
    """Whether an API call asked for the command of that id; webhooks are such calls, too."""
    return command_id.startswith(CLIENT_COMMAND)
