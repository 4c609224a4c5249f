"""Whatever a system's names are, what is drawn of it is Mermaid that can be read, and says those names."""

from __future__ import annotations

import re

import pytest
from awkward import awkward_system
from hypothesis import given
from hypothesis import strategies as st

from reference_services.diagrams.components import components
from reference_services.diagrams.event_flow import saga, service_flow
from reference_services.diagrams.life_cycles import life_cycle
from reference_services.diagrams.mermaid import SHAPES, Flowchart, identifier, label
from reference_services.diagrams.wiring import deciders
from reference_services.kernel.system import System
from reference_services.registry import load_system, system_names

MERMAIDS_OWN = {"call", "class", "click", "default", "end", "flowchart", "graph", "href", "state", "style", "subgraph"}
"""Words that mean something to Mermaid's parsers wherever they stand alone."""

ID = r"[a-z]+_\w*"
LABEL = r"(?:[\w ./:,'+-]|#\d+;|<br/>)*"
EDGE = re.compile(rf'\s+({ID}) (?:-->|-\.->)(?:\|"{LABEL}"\|)? ({ID})', re.ASCII)
GROUP = re.compile(rf'\s+subgraph ({ID})\["{LABEL}"\]', re.ASCII)
NODES = [
    re.compile(rf"\s+({ID}){re.escape(opening)}{LABEL}{re.escape(closing)}", re.ASCII)
    for opening, closing in SHAPES.values()
]
STYLE = re.compile(r"    classDef (kind_[a-z]+) fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}")
STYLED = re.compile(rf"    class ((?:{ID},)*{ID}) (kind_[a-z]+)", re.ASCII)

STATE = re.compile(rf'    state "{LABEL}" as ({ID})', re.ASCII)
MOVE = re.compile(rf"    (\[\*\]|{ID}) --> (\[\*\]|{ID})(?:: {LABEL})?", re.ASCII)

SYSTEMS = [pytest.param(load_system(name, {}), id=name) for name in system_names()]
SYSTEMS.append(pytest.param(awkward_system(), id="awkward"))


class Parsed:
    """A flowchart read line by line; raises AssertionError at the first line that is none of its grammar."""

    def __init__(self, text: str) -> None:
        first, *lines = text.splitlines()
        assert first == "flowchart LR"
        self.nodes: set[str] = set()
        self.groups: set[str] = set()
        self.edges: list[tuple[str, str]] = []
        self.styled: list[str] = []
        self.styles: set[str] = set()
        self._open = 0
        for line in lines:
            assert self._take(line), f"not Mermaid: {line}"
        assert self._open == 0

    def _take(self, line: str) -> bool:
        if line.strip() == "end":
            self._open -= 1
            return self._open >= 0
        if match := GROUP.fullmatch(line):
            self._open += 1
            self.groups.add(match[1])
        elif match := EDGE.fullmatch(line):
            self.edges.append((match[1], match[2]))
        elif match := STYLE.fullmatch(line):
            self.styles.add(match[1])
        elif match := STYLED.fullmatch(line):
            assert match[2] in self.styles
            self.styled += match[1].split(",")
        elif match := next((found for node in NODES if (found := node.fullmatch(line))), None):
            assert match[1] not in self.nodes, f"{match[1]} is declared twice"
            self.nodes.add(match[1])
        else:
            return False
        return True


@pytest.mark.parametrize("system", SYSTEMS)
def test_flowcharts_are_wellformed(system: System) -> None:
    charts = [components(system), saga(system), *(service_flow(system, service) for service in system.deciding)]
    for chart in map(Parsed, charts):
        assert chart.nodes
        assert not chart.nodes & chart.groups
        assert not (chart.nodes | chart.groups) & MERMAIDS_OWN
        assert {end for edge in chart.edges for end in edge} <= chart.nodes
        assert sorted(chart.styled) == sorted(chart.nodes)


@pytest.mark.parametrize("system", SYSTEMS)
def test_life_cycles_are_wellformed_and_complete(system: System) -> None:
    for _, decider in deciders(system):
        table = decider.transitions
        if table is None:
            continue
        first, *lines = life_cycle(decider).splitlines()
        assert first == "stateDiagram-v2"
        states = {match[1] for line in lines if (match := STATE.fullmatch(line))}
        moves = [match for line in lines if (match := MOVE.fullmatch(line))]
        assert len(states) + len(moves) == len(lines)
        assert {end for move in moves for end in move.groups()} <= states | {"[*]"}
        drawn = decoded("\n".join(lines))
        assert [name for _, event, _ in table if (name := event.__name__) not in drawn] == []


def test_an_aggregate_begins_at_the_dot_unless_it_can_come_back() -> None:
    thing = next(decider for _, decider in deciders(awkward_system()) if decider.transitions is not None)
    lines = life_cycle(thing).splitlines()
    assert "    [*] --> status_not_x20_yet" in lines
    assert '    state "not yet" as status_not_x20_yet' in lines


def test_what_cannot_be_drawn_says_so() -> None:
    listener = next(decider for _, decider in deciders(awkward_system()) if decider.transitions is None)
    with pytest.raises(ValueError, match="has no life cycle"):
        life_cycle(listener)


@given(st.text())
def test_a_label_says_what_it_was_given_and_nothing_else(text: str) -> None:
    escaped = label(text)
    assert re.fullmatch(LABEL, escaped, re.ASCII)
    assert decoded(escaped) == "\n".join(text.splitlines())


@pytest.mark.parametrize("text", ["1. order", "- order", "+ order", " 12. order", "* order"])
def test_a_label_is_no_markdown_list(text: str) -> None:
    assert not re.match(r"\s*(\d+\.|[-+*])\s", label(text))
    assert decoded(label(text)) == text


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_an_identifier_is_one_word_that_is_not_mermaids(names: list[str]) -> None:
    found = identifier("event", *names)
    assert re.fullmatch(r"event_\w+", found, re.ASCII)
    assert found not in MERMAIDS_OWN


def test_joints_between_names_cannot_be_mistaken() -> None:
    assert identifier("event", "a_b", "c") != identifier("event", "a", "b_c")
    assert identifier("event", "a-b", "c") != identifier("event", "a.b", "c")


def test_one_identifier_never_stands_for_two_things() -> None:
    chart = Flowchart()
    chart.node("event", "a-b")
    with pytest.raises(ValueError, match="event_a_x2d_b would stand for two things"):
        chart.node("event", "a_x2d_b")
    with chart.group("orders"):
        chart.node("event", "c")
    with pytest.raises(ValueError, match="group_orders is drawn already"), chart.group("orders"):
        chart.node("event", "d")


def test_a_node_is_declared_once_however_often_it_is_named() -> None:
    chart = Flowchart()
    assert chart.node("event", "a") == chart.node("event", "a")
    assert Parsed(chart.text()).nodes == {"event_a"}


def decoded(text: str) -> str:
    """What a reader sees of a label."""
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), text.replace("<br/>", "\n"))
