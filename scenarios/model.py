"""The typed model of a scenario: who comes, what they do, what goes wrong, what must hold and what is fast enough."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from reference_services.registry import terms_type

from .arrival_kinds import Arrivals
from .faults.catalog import from_document, why_not_in
from .faults.fault import Fault, World
from .fields import ALL, AsList, Count, Duration, Instant, OrAll, Part, PositiveDuration, Share, Text
from .problems import BadValues, Place, Problem, ScenarioError, Source
from .quantities import epoch_us
from .swarm import Swarm
from .units import convert_with_units
from .variants import CHECK, LIVE, VariantKind

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

SCENARIOS_FOLDER = Path(__file__).parent


class Population(Part):
    """Who comes: how many customers, and whatever else the system's journeys want to know about them."""

    model_config = ConfigDict(extra="allow")

    customers: Count = Field(examples=["20000"])


class JourneyShare(Part):
    """One journey and how often it is taken, relative to the others."""

    name: Text = Field(examples=["buy"])
    weight: Annotated[float, Field(gt=0, le=1e9)] = 1.0


class WrittenFault(Part):
    """Something that goes wrong: its kind, and the knobs of that kind; `scenarios.faults` knows them all."""

    model_config = ConfigDict(extra="allow")

    kind: Text = Field(examples=["kill"])


class Objective(Part):
    """What is fast, reliable or soon enough. Exactly one of three:

    - ``percentile`` and ``max_ms``: that percentile of the response times, from the intended start, is at most that;
    - ``failure_rate_max``: at most this share of the calls fails (a business refusal is not a failure);
    - ``sell_out_max``: everything is sold at most this long after the opening.

    ``operation`` narrows the first two to one operation. ``scope: worst_window`` asks it of every ``window`` of the
    run, not only of the whole.
    """

    operation: Text = "*"
    percentile: Annotated[float, Field(gt=0, lt=100)] | None = None
    max_ms: Annotated[float, Field(gt=0)] | None = None
    failure_rate_max: Share | None = None
    sell_out_max_us: PositiveDuration | None = None
    scope: Literal["whole_run", "worst_window"] = "whole_run"
    window_us: PositiveDuration | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Objective:
        if (self.percentile is None) != (self.max_ms is None):
            raise ValueError("`percentile` and `max_ms` go together; write both")
        asked = [self.percentile, self.failure_rate_max, self.sell_out_max_us]
        if sum(limit is not None for limit in asked) != 1:
            raise ValueError("write exactly one of: `percentile` with `max_ms`, `failure_rate_max`, `sell_out_max`")
        if (self.scope == "worst_window") != (self.window_us is not None):
            raise ValueError("`scope: worst_window` and `window` go together; write e.g. window: 10s")
        if self.sell_out_max_us is not None and (self.operation != "*" or self.window_us is not None):
            raise ValueError("`sell_out_max` is about the whole run and all operations; leave the others out")
        return self


class Topology(Part):
    """How many of everything: processes, partitions of every topic, and calls that one gateway serves at a time.

    ``workers`` counts the worker processes of a service; a service that is not named has one.
    """

    gateways: Count = 1
    gateway_concurrency: Count = 64
    partitions: Annotated[int, Field(ge=1, le=1024)] = 4
    workers: dict[str, Annotated[int, Field(ge=1, le=1024)]] = Field(default_factory=dict)

    def workers_of(self, service: str) -> int:
        """How many workers run ``service``."""
        return self.workers.get(service, 1)


class ServiceTime(Part):
    """How long one piece of work keeps a process busy: its median and its 99th percentile (equal: always the same)."""

    median_us: Duration = Field(examples=["200us"])
    p99_us: Duration = Field(examples=["1ms"])

    @model_validator(mode="after")
    def _ordered(self) -> ServiceTime:
        if self.p99_us < self.median_us:
            raise ValueError("`p99` is shorter than `median`; it must be at least as long")
        if self.median_us == 0 < self.p99_us:
            raise ValueError("`median` is 0 and `p99` is not; let it be at least 1us")
        return self


def _spelled_out(value: Any) -> Any:
    """A bare duration stands for one that is always the same."""
    return value if isinstance(value, Mapping | ServiceTime) else {"median": value, "p99": value}


Cost = Annotated[ServiceTime, BeforeValidator(_spelled_out)]

_QUARTER_MS = ServiceTime.model_validate({"median": "250us", "p99": "1ms"})
_HALF_MS = ServiceTime.model_validate({"median": "500us", "p99": "2ms"})


class ServiceCosts(Part):
    """Service times of one service in the simulation: one decision, the policies' reactions to it, one HTTP call.

    The defaults are what one process of the reference services takes on an ordinary laptop.
    """

    decide: Cost = _QUARTER_MS
    policy: Cost = _QUARTER_MS
    http: Cost = _HALF_MS


class Delays(Part):
    """How long a message is under way in the simulation: through the broker, and over the network one way."""

    broker_us: Duration = 2_000
    network_us: Duration = 1_000


class Scenario(Part):
    """One rehearsal, whole. Instants and durations are microseconds; time 0 is the opening, at ``starts_at``.

    The run begins ``lead`` before the opening and ends ``horizon`` after it.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", examples=["flash_sale"])]
    title: Text = Field(examples=["Campus flash sale"])
    description: str = ""
    system: Text = Field(examples=["bookstore"])
    starts_at: Instant = Field(examples=["2026-03-02T12:00:00Z"])
    horizon_us: PositiveDuration = Field(examples=["24h"])
    lead_us: Duration = 0
    population: Population = Field(examples=["{customers: 20000}"])
    arrivals: Arrivals = Field(examples=["{kind: flash, decay: 90s}"])
    journeys: Annotated[tuple[JourneyShare, ...], AsList, Field(min_length=1, examples=["[{name: buy, weight: 1}]"])]
    policies: dict[str, Any] = Field(default_factory=dict)
    provider: dict[str, Any] = Field(default_factory=dict)
    faults: Annotated[tuple[WrittenFault, ...], AsList] = ()
    objectives: Annotated[tuple[Objective, ...], AsList] = ()
    invariants: Annotated[tuple[Text, ...], AsList, OrAll] = (ALL,)
    reach: Annotated[tuple[Text, ...], AsList] = ()
    topology: Topology = Topology()
    costs: dict[str, ServiceCosts] = Field(default_factory=dict)
    delays: Delays = Delays()
    swarm: Swarm = Swarm()
    live: dict[str, Any] | None = None
    check: dict[str, Any] | None = None

    _source: Source = PrivateAttr(default=Source("scenario", {}))
    _folder: Path = PrivateAttr(default=SCENARIOS_FOLDER)
    _variants: Mapping[str, Scenario] = PrivateAttr(default_factory=dict)

    def located(self, source: Source, folder: Path, variants: Mapping[str, Scenario] | None = None) -> Scenario:
        """This scenario as written down in ``source``, its files in ``folder``, with its variants by their keys."""
        copy = self.model_copy()
        copy._source, copy._folder, copy._variants = source, folder, variants or {}
        return copy

    @property
    def folder(self) -> Path:
        """Where the files are that the scenario names."""
        return self._folder

    @property
    def named(self) -> str:
        """What its user calls it on a command line: its name, or the path of its file if it does not come with us."""
        return self.name if self._folder == SCENARIOS_FOLDER else self._source.name

    @property
    def opens_at_us(self) -> int:
        """The opening in microseconds since the Unix epoch: the origin of a simulated run."""
        return epoch_us(self.starts_at)

    @property
    def terms(self) -> dict[str, Any]:
        """The system's business terms, complete, as `reference_services.registry.load_system` takes them."""
        terms: dict[str, Any] = msgspec.to_builtins(self.convert(("policies",), terms_type(self.system)))
        return terms

    def costs_of(self, service: str) -> ServiceCosts:
        """The service times of ``service``."""
        return self.costs.get(service, ServiceCosts())

    def checks(self, invariant: str) -> bool:
        """Whether the invariant of that name is to be checked."""
        return ALL in self.invariants or invariant in self.invariants

    @property
    def typed_faults(self) -> tuple[Fault, ...]:
        """What goes wrong in every run, typed, in the order of the file."""
        return tuple(from_document(fault.model_dump(mode="json")) for fault in self.faults)

    def faults_in(self, world: World) -> tuple[Fault, ...]:
        """What goes wrong in every run, typed. Raises `ScenarioError` for what cannot happen in ``world``."""
        faults = self.typed_faults
        for index, fault in enumerate(faults):
            if not fault.happens_in(world):
                raise self.error(("faults", index, "kind"), why_not_in(fault, world))
        return faults

    def fitted_to(self, world: World) -> tuple[Scenario, tuple[Fault, ...]]:
        """The scenario without what cannot happen in ``world``, and what that is."""
        left_out = tuple(fault for fault in self.typed_faults if not fault.happens_in(world))
        if not left_out:
            return self, ()
        kept = zip(self.faults, self.typed_faults, strict=True)
        faults = tuple(written for written, fault in kept if fault.happens_in(world))
        return self.model_copy(update={"faults": faults}), left_out

    def convert(self, place: Place, struct_type: type[_Struct]) -> _Struct:
        """A free part of the scenario, such as ``("provider",)``, as a struct with units resolved.

        Raises `ScenarioError`, which names the line.
        """
        values: Any = self.document()
        for step in place:
            values = values[step]
        try:
            return convert_with_units(values, struct_type, place)
        except BadValues as error:
            raise self._source.error(error.problems) from error

    def error(self, place: Place, text: str) -> ScenarioError:
        """An error about what stands at ``place``, with its line; for those who know more than this model."""
        return self._source.error([Problem(place, text)])

    def compressed(self) -> Scenario:
        """The scenario as it runs for real: ``live`` merged over the rest. Raises `ScenarioError` without ``live``."""
        return self._variant(LIVE)

    def for_check(self) -> Scenario:
        """The scenario small enough for a search over many seeds: ``check`` merged over the rest.

        Raises `ScenarioError` without ``check``.
        """
        return self._variant(CHECK)

    def _variant(self, variant: VariantKind) -> Scenario:
        if variant.key not in self._variants:
            raise self.error((), f"{variant.key!r} is missing; {variant.advice}")
        return self._variants[variant.key]

    def document(self) -> dict[str, Any]:
        """The scenario as JSON data, complete with defaults; `scenarios.loading.from_document` reads it back."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
