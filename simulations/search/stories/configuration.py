"""The whole configuration of a taped run, name by name, for people."""

from __future__ import annotations

from typing import Any

from scenarios.faults.catalog import to_document
from scenarios.faults.fault import Fault
from scenarios.model import Scenario
from scenarios.quantities import format_duration

from ..tape import Tape
from .wording import as_sentence, clock, duration, words


def configuration_of(tape: Tape, scenario: Scenario) -> dict[str, str]:
    """What was drawn and what shrinking has left of it."""
    topology, tuning = scenario.topology, tape.tuning
    customers = len({asked.customer for asked in tape.requests})
    wrongs = {
        words(name.removesuffix("_share")): f"{value:.1%}"
        for name, value in tape.scenario.get("provider", {}).items()
        if name.endswith("_share") and isinstance(value, float) and value
    }
    return {
        "seed": str(tape.seed),
        "planted bug": tape.plant or "none",
        "requests": f"{len(tape.requests)} of {customers} client{'s' * (customers != 1)}",
        "gateways": str(topology.gateways),
        "partitions": str(topology.partitions),
        "workers": ", ".join(f"{service} {count}" for service, count in topology.workers.items()),
        "session timeout": duration(tuning.session_us),
        "commit interval": duration(tuning.commit_us),
        "producer linger": duration(tuning.linger_us),
        "prefetch": f"{tuning.prefetch:,} messages",
        "provider": ", ".join(f"{name} {share}" for name, share in wrongs.items()) or "behaves",
        "faults": "; ".join(f"{words(fault.kind)} at {clock(fault.at_us)}, {knobs_of(fault)}"
                            for fault in tape.trouble().faults) or "none",
        "history": tape.history_sha256[:16] or "not played yet",
    }  # fmt: skip


def knobs_of(fault: Fault) -> str:
    """How a fault was set, in a scenario's words: ``target inventory-2, down 3.2s``."""
    return ", ".join(f"{words(name)} {value}" for name, value in _knobs(fault).items())


def fault_in_words(fault: Fault) -> str:
    """What a fault did, to whom and for how long."""
    lasts = format_duration(fault.for_us)
    target = str(_knobs(fault).get("target", ""))
    others = [f"{words(name)} {value}" for name, value in _knobs(fault).items() if value not in (target, lasts)]
    parts = [target, *others, f"for {duration(fault.for_us)}"]
    return as_sentence(f"{fault.summary}: {', '.join(filter(None, parts))}")


def _knobs(fault: Fault) -> dict[str, Any]:
    return {name: value for name, value in to_document(fault).items() if name not in ("kind", "at")}
