"""Every kind of fault, and faults as documents: written in a scenario, kept on a tape, read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..problems import BadValues, Place, Problem, unknown
from ..units import convert_with_units, written_with_units
from .ambiguous_timeout import AmbiguousTimeout
from .clock_skew import ClockSkew
from .clock_step_back import ClockStepBack
from .cut_link import CutLink
from .daylight_saving import DaylightSaving
from .deaf_process import DeafProcess
from .declines import Declines
from .duplicate_messages import DuplicateMessages
from .duplicate_webhooks import DuplicateWebhooks
from .early_webhooks import EarlyWebhooks
from .error_after_commit import ErrorAfterCommit
from .expired_authorization import ExpiredAuthorization
from .fault import Fault, World
from .kill import Kill
from .late_webhooks import LateWebhooks
from .lost_webhooks import LostWebhooks
from .mute_process import MuteProcess
from .overloaded_gateway import OverloadedGateway
from .pause import Pause
from .provider import Provider
from .provider_outage import ProviderOutage
from .refund_racing_capture import RefundRacingCapture
from .reordered_webhooks import ReorderedWebhooks
from .retry_storm import RetryStorm
from .scattered_topics import ScatteredTopics
from .slow_broker import SlowBroker
from .slow_link import SlowLink

FAULTS: dict[str, type[Fault]] = {
    "ambiguous_timeout": AmbiguousTimeout,
    "clock_skew": ClockSkew,
    "clock_step_back": ClockStepBack,
    "cut_link": CutLink,
    "daylight_saving": DaylightSaving,
    "deaf_process": DeafProcess,
    "declines": Declines,
    "duplicate_messages": DuplicateMessages,
    "duplicate_webhooks": DuplicateWebhooks,
    "early_webhooks": EarlyWebhooks,
    "error_after_commit": ErrorAfterCommit,
    "expired_authorization": ExpiredAuthorization,
    "kill": Kill,
    "late_webhooks": LateWebhooks,
    "lost_webhooks": LostWebhooks,
    "mute_process": MuteProcess,
    "overloaded_gateway": OverloadedGateway,
    "pause": Pause,
    "provider": Provider,
    "provider_outage": ProviderOutage,
    "refund_racing_capture": RefundRacingCapture,
    "reordered_webhooks": ReorderedWebhooks,
    "retry_storm": RetryStorm,
    "scattered_topics": ScatteredTopics,
    "slow_broker": SlowBroker,
    "slow_link": SlowLink,
}
"""Every kind by its name, in alphabetical order."""


def kinds_in(world: World) -> tuple[str, ...]:
    """The kinds that can happen there, in alphabetical order."""
    return tuple(kind for kind, fault in FAULTS.items() if world in fault.worlds)


def why_not_in(fault: Fault, world: World) -> str:
    """What to change about a scenario that lists ``fault`` for a world in which it cannot happen."""
    if world == "live":
        kinds = ", ".join(kinds_in("live"))
        return f"{fault.kind!r} cannot happen for real; under 'live', list faults of the kinds {kinds}"
    what = f"{fault.label!r}" if world in fault.worlds else f"{fault.kind!r}"
    if fault.happens_in("live"):
        return f"{what} cannot happen in virtual time; list it under 'live', where it is done for real"
    return f"{what} cannot happen at all; choose another target"


def to_document(fault: Fault) -> dict[str, Any]:
    """``fault`` as JSON data, in the words of a scenario: ``{"kind": "kill", "target": "orders", "at": "3s", ...}``."""
    return {"kind": fault.kind, **written_with_units(fault)}


def from_document(document: Mapping[str, Any], place: Place = ()) -> Fault:
    """The fault that a document describes; ``place`` is where that stands. Raises `scenarios.problems.BadValues`."""
    knobs = dict(document)
    kind = knobs.pop("kind", None)
    if not isinstance(kind, str) or kind not in FAULTS:
        text = "'kind' is missing; say which kind it is" if kind is None else unknown(str(kind), FAULTS, "kind")
        raise BadValues([Problem((*place, "kind"), text)])
    return convert_with_units(knobs, FAULTS[kind], place)
