"""What the workers of a live run counted at its end: what became of everything that entered an inbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client.samples import Sample

from reference_services.hosting.supervisor import ProcessInfo
from reference_services.kernel.history import InboxCounted
from reference_services.kernel.system import System

from .pages import read_metrics

COUNTS = {
    "doorbuster_commands_consumed_total": "consumed",
    "doorbuster_commands_decided_total": "decided",
    "doorbuster_commands_duplicate_total": "duplicates",
    "doorbuster_commands_dead_lettered_total": "dead_lettered",
}
LAG = "doorbuster_consumer_lag"


def count_inboxes(system: System, processes: Sequence[ProcessInfo]) -> Iterator[tuple[str, InboxCounted]]:
    """The counts of each service, its workers added up, with the subject to observe them under.

    A worker that was started again counts from there, which is no less true: whatever it took in, it accounts for.
    Raises `pages.NoPage` if a worker does not answer.
    """
    counts: dict[str, Counter[str]] = {service.name: Counter() for service in system.deciding}
    inboxes = {system.commands_topic(service): service.name for service in system.deciding}
    for process in processes:
        if process.kind == "worker":
            for sample in read_metrics(process.metrics_url):
                _add(counts, inboxes, sample)
    for service, count in counts.items():
        yield (
            f"service/{service}",
            InboxCounted(
                service,
                count["consumed"],
                count["decided"],
                count["duplicates"],
                count["dead_lettered"],
                count["lag"],
            ),
        )


def messages_open(system: System, processes: Sequence[ProcessInfo]) -> int:
    """Messages in all inboxes that are not done with, those among them whose call to the outside is under way.

    As of the workers' last measurement, which is a second old at most. Raises as above.
    """
    return sum(count.lag for _, count in count_inboxes(system, processes))


def _add(counts: dict[str, Counter[str]], inboxes: dict[str, str], sample: Sample) -> None:
    if sample.name in COUNTS:
        counts[sample.labels["service"]][COUNTS[sample.name]] += int(sample.value)
    elif sample.name == LAG and sample.labels["topic"] in inboxes:
        counts[inboxes[sample.labels["topic"]]]["lag"] += int(sample.value)
