"""The generated pages of a system's architecture: diagrams with the words and tables around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..kernel.operation import Action
from ..kernel.system import Service, System
from . import event_flow
from .asyncapi import as_yaml, asyncapi_document
from .components import aggregates, components
from .life_cycles import life_cycle
from .wiring import (
    asked_by,
    called_by,
    deciders,
    effects,
    own_words,
    policies,
    reacted_to,
    recorded_by,
    said_of,
    sent_by,
    sent_by_time,
)

COMMAND = "python -m reference_services.diagrams"

COLOURS = (
    "Commands are blue, aggregates yellow, events orange, policies lilac, effects and the outside pink; grey is what "
    "comes from callers and from time."
)

ONLY_ANSWERS = "nothing, it only answers"


def pages(system: System) -> dict[str, str]:
    """Every file of the system's folder under ``docs/architecture``: its name and its text."""
    return {
        "components.md": _page(_components_page(system)),
        "event-flow.md": _page(_event_flow_page(system)),
        "life-cycles.md": _page(_life_cycles_page(system)),
        "asyncapi.yaml": f"# Made by `{COMMAND}` from the wiring; change that, not this.\n"
        + as_yaml(asyncapi_document(system)),
    }


def _components_page(system: System) -> Iterator[str]:
    yield f"# {system.name}: components"
    yield (
        "Each frame is one service: its inbox, the worker that decides what is in it, and the log of its events, which "
        "is also the memory of that worker. A service never calls another; it appends a command to the other's inbox. "
        "Policies are drawn where they run: with the service whose events they wait for, which sends their commands as "
        "soon as those events are in its log; effects are those of the service's own events. Dotted arrows are reads."
    )
    yield _diagram(components(system))
    yield "## Services"
    yield _table(
        ("service", "what it is for", "owns", "reacts to events of"),
        (
            (service.name, service.summary, aggregates(service) or ONLY_ANSWERS, _reacts_to(system, service))
            for service in system.services
        ),
    )
    yield "## Topics"
    yield (
        "All topics have the same number of partitions, and the key is always the aggregate, so everything about one "
        "aggregate is in order in one partition. [asyncapi.yaml](asyncapi.yaml) describes every message."
    )
    yield _table(
        ("service", "inbox", "events", "dead letters"),
        (
            (
                service.name,
                _code(system.commands_topic(service)),
                _code(system.events_topic(service)),
                _code(system.dead_letters_topic(service)),
            )
            for service in system.deciding
        ),
    )
    yield "## API calls"
    yield _table(
        ("call", "for", "what it does", "command"),
        (
            (
                _code(f"{operation.method} /{service.name}{operation.path}"),
                ", ".join(operation.roles),
                operation.summary,
                _codes(sent_by(operation)) if isinstance(operation, Action) else "",
            )
            for service, operation in system.operations()
        ),
    )


def _event_flow_page(system: System) -> Iterator[str]:
    yield f"# {system.name}: event flow"
    yield COLOURS
    yield "## The saga at a glance"
    yield (
        "Each arrow names the events of one aggregate that lead to a command for another; arrows to and from the "
        "outside name the calls and what records their answers. The "
        "[table of policies](#policies-in-the-order-of-the-story) tells which command follows from which event and why."
    )
    yield _diagram(event_flow.saga(system))
    yield from _services(system)
    yield "## Policies, in the order of the story"
    yield _table(
        ("when", "then", "asks for", "by policy"),
        (
            (_code(policy.on.__name__), said_of(policy.react), _codes(asked_by(policy)), f"{policy.name} ({host.name})")
            for host, policy in policies(system)
        ),
    )
    yield "## What time decides"
    yield _table(
        ("aggregate", "command", "meaning"),
        (
            (decider.name, _code(command.__name__), own_words(command))
            for _, decider in deciders(system)
            for command in sent_by_time(decider)
        ),
    )
    yield "## Calls to the outside"
    yield _table(
        ("when", "call", "answer recorded by", "effect"),
        (
            (
                _code(effect.on.__name__),
                _codes(called_by(effect)),
                _codes(recorded_by(effect)),
                f"{effect.name} ({host.name})",
            )
            for host, effect in effects(system)
        ),
    )


def _services(system: System) -> Iterator[str]:
    for service in system.deciding:
        yield f"## {service.name}"
        yield f"{service.summary}."
        yield _diagram(event_flow.service_flow(system, service))


def _life_cycles_page(system: System) -> Iterator[str]:
    yield f"# {system.name}: life cycles"
    yield (
        "Drawn from the transition tables that the deciders themselves consult. Where no arrow is, nothing can happen: "
        "an event in the wrong status is a defect, and raises."
    )
    for service, decider in deciders(system):
        if decider.transitions is not None:
            yield f"## {decider.name} ({service.name})"
            yield own_words(type(decider))
            yield _diagram(life_cycle(decider))
    without = [decider.name for _, decider in deciders(system) if decider.transitions is None]
    if without:
        yield "## Without a life cycle"
        yield f"These aggregates have no status, only contents: {', '.join(without)}."


def _reacts_to(system: System, service: Service) -> str:
    return ", ".join(publisher.name for publisher in reacted_to(system, service)) or "none"


def _page(parts: Iterable[str]) -> str:
    title, *rest = (part for part in parts if part)
    note = f"<!-- Made by `{COMMAND}` from the wiring; change that, not this. -->"
    return "\n\n".join([title, note, *rest]) + "\n"


def _diagram(mermaid: str) -> str:
    return f"```mermaid\n{mermaid}\n```"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; without rows, a word that there is nothing."""
    lines = [" | ".join(_cell(text) for text in row) for row in rows]
    if not lines:
        return "None."
    rule = " | ".join("---" for _ in header)
    return "\n".join(f"| {line} |" for line in (" | ".join(header), rule, *lines))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`"


def _codes(types: Iterable[type]) -> str:
    return ", ".join(_code(each.__name__) for each in types)
