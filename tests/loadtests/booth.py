"""A market booth: the smallest system that load can be put on, with one query and one action that may be refused."""

from __future__ import annotations

import msgspec

from reference_services.kernel.operation import ANYONE, Action, Call, Outcome, Principal, Query
from reference_services.kernel.problem import ProblemKind
from reference_services.kernel.projection import Views
from reference_services.kernel.system import Service, System
from scenarios.steps import Do

SECRET = "a secret that is long enough for a signature"
PASSER_BY = Principal("anyone", ANYONE)
CUSTOMER = Principal("customer-1", "customer")


class Thing(msgspec.Struct, frozen=True):
    name: str


def nothing(call: Call, views: Views) -> Outcome:
    raise AssertionError("these operations are only called over HTTP, and something else answers")


OPERATIONS = (
    Query("look", "/things", "Everything on offer", (ANYONE,), nothing, Thing),
    Action(
        "buy", "POST", "/things/{name}/purchases", "Buy a thing", ("customer",), nothing, nothing, Thing, body=Thing
    ),
)
BOOTH = System(
    "market",
    (Service("booth", "Sells things", (), operations=OPERATIONS),),
    {"no-more-left": ProblemKind("sold-out", 409, "There are none left")},
)

LOOK = Do("look", PASSER_BY)


def buy(name: str, key: str = "key-1") -> Do:
    return Do("buy", CUSTOMER, {"name": name}, {"name": name}, idempotency_key=key)
