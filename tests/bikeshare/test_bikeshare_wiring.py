"""What only answers needs no worker and no topic, and what the provider reports finds its way."""

from __future__ import annotations

import pytest

from reference_services.bikeshare.pictures import PICTURES
from reference_services.bikeshare.system import build
from reference_services.bikeshare.terms import Terms
from reference_services.hosting.broker import topic_names
from reference_services.hosting.specs import webhooks_path
from reference_services.hosting.topology import BadTopology, Topology, Workers
from reports.pictures import read_pictures

SYSTEM = build(Terms())
DECIDING = ["passes", "trips", "fleet", "billing", "notifications"]


def test_prices_and_feed_decide_nothing() -> None:
    assert [service.name for service in SYSTEM.deciding] == DECIDING
    assert [service.name for service in SYSTEM.services if not service.deciders] == ["pricing", "gbfs"]


def test_only_what_decides_has_topics_and_workers() -> None:
    services = {topic.split(".")[1] for topic in topic_names(SYSTEM)}
    assert services == {*DECIDING, "gateway"}
    assert Topology.of(SYSTEM).workers == tuple(Workers((name,)) for name in DECIDING)
    with pytest.raises(BadTopology, match="has no service 'gbfs'"):
        Topology.of(SYSTEM, {"gbfs": 1})


def test_the_provider_reports_to_billing() -> None:
    assert webhooks_path(SYSTEM) == "/billing/webhooks/payments"


def test_every_refusal_is_a_problem_that_the_system_knows() -> None:
    assert all(kind.status in (402, 404, 409) for kind in SYSTEM.refusals.values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lock_answers_within_us": 2, "bike_reports_within_us": 2}, "lock_answers_within"),
        ({"bike_reports_within_us": 5, "lock_answers_within_us": 1, "overdue_after_us": 5}, "bike_reports_within"),
    ],
)
def test_terms_that_contradict_each_other_are_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Terms(**changes)


def test_pictures_count_events_and_fields_that_there_are() -> None:
    types = {name.rpartition(".")[2]: found for name, found in SYSTEM.message_classes().items()}
    for gauge in read_pictures(PICTURES).gauges:
        for change in (change for series in gauge.series for change in series.changes):
            fields = types[change.event].__struct_fields__
            assert set(change.where) <= set(fields)
            assert change.amount[1:].isdigit() or change.amount[1:] in fields
