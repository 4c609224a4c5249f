from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from synthetic_sale import SCENARIO, Sale, broken, held, write_sale

from reference_services.kernel.invariant import Finding
from reports.report import write_verdict_only
from reports.run import Run
from reports.verdict import Verdict, judge, judge_run, worst_of, write_verdict
from scenarios.objectives import ObjectiveResult
from scenarios.run_folder import Findings, NotARunFolder, Schedule
from scenarios.run_records import LATE_P99_LIMIT_US

REACH = ("sold-out",)


def objective(status: str = "met", value: float | None = 120.0) -> ObjectiveResult:
    return ObjectiveResult("p99 of place_order", status, value, 500.0, "ms", "4,000 calls")


MET, MISSED, EMPTY = objective(), objective("missed", 812.0), objective("no-data", None)
CRASHED = Finding("one-ending", "Each ends once.", "crashed", 0, error="KeyError: 'o-1'")


def verdict(findings: Findings | None = None, *objectives: ObjectiveResult, **options: Any) -> Verdict:
    return judge(findings or held(), objectives or (MET,), REACH, **{"requests": 10, **options})


def schedule(**changes: int) -> Findings:
    kept = Schedule(planned=400, sent=400, late_p99_us=1_200, dropped=0)
    return held(schedule=msgspec.structs.replace(kept, **changes))


def test_everything_kept_is_a_pass() -> None:
    passed = verdict(headline="Nothing was oversold: 12 of 12 units sold")
    assert (passed.code, passed.label) == (0, "PASS")
    assert passed.summary == "Nothing was oversold: 12 of 12 units sold."
    assert "All 4 invariants held over 1,000 events." in passed.reasons
    assert "The one objective met." in passed.reasons


def test_a_missed_objective_fails_with_value_and_limit() -> None:
    failed = verdict(None, MISSED)
    assert (failed.code, failed.label) == (1, "FAIL: objective")
    assert failed.reasons == ("The p99 of place_order was 812 ms; the objective is at most 500 ms (4,000 calls).",)


def test_a_broken_invariant_fails_and_is_quoted() -> None:
    failed = verdict(held(invariants=(broken(3),)))
    assert (failed.code, failed.label) == (3, "FAIL: invariant")
    assert failed.invariants == {"no-oversell": 3}
    assert "201 of 200 sold" in failed.reasons[0]
    assert failed.summary == "An invariant broke: no-oversell, 3 times."


INVALID_FINDINGS = {
    "late": schedule(late_p99_us=LATE_P99_LIMIT_US + 1),
    "dropped": schedule(dropped=3, sent=397),
    "never began": schedule(sent=399),
    "nobody planned": schedule(planned=0, sent=0),
    "checker crashed": held(invariants=(CRASHED,)),
    "run crashed": held(crashed="the gateway died"),
    "no invariants": held(invariants=()),
    "no events": held(events=0),
    "reached never": held(reached={"sold-out": 0}),
    "reached unknown": held(reached={}),
}


@pytest.mark.parametrize("findings", INVALID_FINDINGS.values(), ids=INVALID_FINDINGS)
def test_a_run_that_proves_nothing_is_invalid(findings: Findings) -> None:
    invalid = verdict(findings)
    assert (invalid.code, invalid.label) == (4, "INVALID")
    assert len(invalid.reasons) == 1


def test_lateness_at_the_limit_is_still_valid() -> None:
    assert verdict(schedule(late_p99_us=LATE_P99_LIMIT_US)).code == 0


def test_an_empty_metric_never_passes() -> None:
    invalid = verdict(None, MET, EMPTY)
    assert invalid.code == 4
    assert invalid.reasons == ("Nothing was measured for p99 of place_order: 4,000 calls.",)


def test_without_requests_nothing_is_proved() -> None:
    assert verdict(requests=0).code == 4


def test_what_was_never_reached_is_named() -> None:
    assert verdict(held(reached={"sold-out": 0, "other": 2})).missing_reach == ("sold-out",)


@pytest.mark.parametrize(("breaks", "invalid", "misses"), product((True, False), repeat=3))
def test_broken_outranks_invalid_outranks_missed(breaks: bool, invalid: bool, misses: bool) -> None:
    findings = held(
        invariants=(broken(),) if breaks else held().invariants,
        crashed="out of memory" if invalid else "",
    )
    code = verdict(findings, MISSED if misses else MET).code
    assert code == (3 if breaks else 4 if invalid else 1 if misses else 0)


def test_a_checker_that_crashed_after_a_violation_still_fails() -> None:
    finding = msgspec.structs.replace(broken(1), error="KeyError: 'o-1'")
    both = verdict(held(invariants=(finding,)))
    assert both.code == 3
    assert any("crashed" in reason for reason in both.reasons)


@pytest.mark.parametrize(("simulated", "live"), product((0, 1, 3, 4), repeat=2))
def test_a_rehearsal_is_as_bad_as_its_worst_world(simulated: int, live: int) -> None:
    by_code = {0: verdict(), 1: verdict(None, MISSED), 3: verdict(held(invariants=(broken(),))), 4: verdict(requests=0)}
    worlds = {"Simulated": by_code[simulated], "Live": by_code[live]}
    overall = worst_of(worlds)
    assert overall.code == min(simulated, live, key=(3, 4, 1, 0).index)
    assert overall.worlds == worlds
    assert all(reason.startswith(("Simulated: ", "Live: ")) for reason in overall.reasons)


def test_the_verdict_file_can_be_read_back(tmp_path: Path) -> None:
    written = worst_of({"Simulated": verdict(), "Live": verdict(None, MISSED)})
    path = write_verdict(tmp_path, written)
    assert path == tmp_path / "verdict.json"
    assert msgspec.json.decode(path.read_bytes(), type=Verdict) == written


def document(*objectives: dict[str, Any]) -> dict[str, Any]:
    return {**SCENARIO, "objectives": list(objectives)}


def test_a_folder_is_judged_by_the_objectives_of_its_scenario(tmp_path: Path) -> None:
    strict = document(
        {"operation": "place_order", "percentile": 99, "max_ms": 1},
        {"operation": "*", "failure_rate_max": 0.5},
        {"sell_out_max": "15min"},
    )
    judged = judge_run(Run(write_sale(tmp_path, Sale(document=strict))))
    assert [result.status for result in judged.objectives] == ["missed", "met", "met"]
    assert judged.code == 1


def test_what_never_sold_out_has_no_sell_out_time(tmp_path: Path) -> None:
    plenty = Sale(customers=20, units_per_sku=100, document=document({"sell_out_max": "15min"}))
    assert judge_run(Run(write_sale(tmp_path, plenty))).code == 4


def test_objectives_that_cannot_be_understood_are_one_line(tmp_path: Path) -> None:
    write_sale(tmp_path, Sale(customers=5, document=document({"percentile": 99})))
    with pytest.raises(NotARunFolder, match="objectives cannot be understood") as raised:
        write_verdict_only(tmp_path)
    assert "\n" not in str(raised.value)
