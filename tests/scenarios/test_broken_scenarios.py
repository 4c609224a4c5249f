"""Whatever is wrong with a scenario file is told in one line that names the file's line, the place and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_services.registry import system_names
from scenarios.loading import list_scenarios, load_scenario
from scenarios.problems import ScenarioError

GOOD = (Path(__file__).parent / "data" / "book_signing.yaml").read_text()

SYSTEMS = f"choose one of {', '.join(system_names())}"

# What is replaced by what, and what is said about it (after the file's name).
BROKEN: dict[str, tuple[str, str, str]] = {
    "duration without a unit that exists": (
        "decay: 90s",
        "decay: 90x",
        ":17: arrivals.decay: '90x' is not a duration; write e.g. 90s, 10min, 24h",
    ),
    "duration without a unit": (
        "horizon: 24h30min",
        "horizon: 24",
        ":7: horizon: 24 is not a duration; write e.g. 90s, 10min, 24h",
    ),
    "duration of nothing": (
        "horizon: 24h30min",
        "horizon: 0s",
        ":7: horizon: must be longer than nothing; write e.g. 90s, 10min, 24h",
    ),
    "instant without a time zone": (
        "T12:00:00+01:00",
        "T12:00:00",
        ":6: starts_at: '2026-03-02T12:00:00' is not an instant with a time zone; write e.g. 2026-03-02T12:00:00Z",
    ),
    "misspelled key": (
        "horizon: 24h30min",
        "horizn: 24h30min",
        ":7: horizn: unknown key 'horizn'; did you mean 'horizon'?",
    ),
    "misspelled key further in": (
        "  decay: 90s",
        "  decya: 90s",
        ":17: arrivals.decya: unknown key 'decya'; did you mean 'decay'?",
    ),
    "misspelled key of a list's entry": (
        "name: buy, weight",
        "name: buy, wieght",
        ":23: journeys[0].wieght: unknown key 'wieght'; did you mean 'weight'?",
    ),
    "missing key": (
        "horizon: 24h30min\n",
        "",
        ":2: 'horizon' is missing; add e.g. horizon: 24h",
    ),
    "missing key further in": (
        "  decay: 90s\n",
        "",
        ":15: arrivals: 'decay' is missing; add e.g. decay: 90s",
    ),
    "key written twice": (
        "lead: 5min\n",
        "lead: 5min\nlead: 6min\n",
        ":8: lead: written twice, again in line 9; keep one of the two",
    ),
    "unknown kind": (
        "kind: flash",
        "kind: flsh",
        ":16: arrivals.kind: unknown kind 'flsh'; did you mean 'flash'?",
    ),
    "missing kind": (
        "  kind: flash\n",
        "",
        ":15: arrivals: 'kind' is missing; say which kind it is",
    ),
    "text for a number": (
        "customers: 400",
        "customers: 4oo",
        ":11: population.customers: '4oo' is not a whole number",
    ),
    "broken number": (
        "customers: 400",
        "customers: 400.5",
        ":11: population.customers: 400.5 is not a whole number",
    ),
    "too few": (
        "customers: 400",
        "customers: 0",
        ":11: population.customers: 0 must be at least 1",
    ),
    "share above 1": (
        "early_share: 5%",
        "early_share: 500%",
        ":18: arrivals.early_share: '500%' is not between 0 and 1; write e.g. 4% or 0.04",
    ),
    "share that is none": (
        "early_share: 5%",
        "early_share: few",
        ":18: arrivals.early_share: 'few' is not a share; write e.g. 4% or 0.04",
    ),
    "early customers before the scenario begins": (
        "  lead: 2min",
        "  lead: 20min",
        ":19: arrivals.lead: begins before the scenario does; write at the top level, lead: 20min",
    ),
    "arrivals beyond the horizon": (
        "horizon: 24h30min",
        "horizon: 10min",
        ":20: arrivals.within: 15min goes on beyond the horizon, 10min; shorten it or write a longer horizon",
    ),
    "customers who would come after the horizon": (
        "  decay: 90s\n  early_share: 5%\n  lead: 2min\n  within: 15min\n",
        "  decay: 3h\n",
        (
            ":17: arrivals.decay: 3h lets some of the customers come after the horizon, 1d30min; "
            "write beside it `within`, after which nobody comes"
        ),
    ),
    "an opening that no calendar has room after": (
        "starts_at: 2026-03-02T12:00:00+01:00",
        "starts_at: 9999-12-31T12:00:00Z",
        (
            ":6: starts_at: '9999-12-31T12:00:00Z' is not in a year between 1981 and 8999; "
            "write e.g. 2026-03-02T12:00:00Z"
        ),
    ),
    "an opening before time began to be counted": (
        "starts_at: 2026-03-02T12:00:00+01:00",
        "starts_at: 1969-07-20T20:17:40Z",
        (
            ":6: starts_at: '1969-07-20T20:17:40Z' is not in a year between 1981 and 8999; "
            "write e.g. 2026-03-02T12:00:00Z"
        ),
    ),
    "a weight that nobody can add up": (
        "weight: 9",
        "weight: 1e308",
        ":23: journeys[0].weight: 1e+308 must be at most 1e+09",
    ),
    "no journey": (
        "journeys:\n  - {name: buy, weight: 9}\n  - name: browse",
        "journeys: []",
        ":22: journeys: must not be empty",
    ),
    "mapping for a list": (
        "journeys:\n  - {name: buy, weight: 9}\n  - name: browse",
        "journeys: {buy: 9}",
        ":22: journeys: {'buy': 9} is not a list; begin each entry with a dash",
    ),
    "journey twice": (
        "- name: browse",
        "- name: browse\n  - name: browse",
        (
            ":24: journeys[1].name: 'browse' is listed twice; add up the weights\n"
            "{file}:25: journeys[2].name: 'browse' is listed twice; add up the weights"
        ),
    ),
    "unknown system": (
        "system: bookstore",
        "system: cinema",
        f":5: system: unknown system 'cinema'; {SYSTEMS}",
    ),
    "unknown business term": (
        "reservation_ttl: 10min",
        "reservation_tll: 10min",
        ":27: policies.reservation_tll: unknown key 'reservation_tll'; did you mean 'reservation_ttl'?",
    ),
    "business term with the unit in its key": (
        "reservation_ttl: 10min",
        "reservation_ttl_us: 600000000",
        ":27: policies.reservation_ttl_us: unknown key 'reservation_ttl_us'; did you mean 'reservation_ttl'?",
    ),
    "business term that is no duration": (
        "reservation_ttl: 10min",
        "reservation_ttl: 10",
        ":27: policies.reservation_ttl: 10 is not a duration; write e.g. 90s, 10min, 24h",
    ),
    "business term out of bounds": (
        "reservation_ttl: 10min",
        "reservation_ttl: 0s",
        ":27: policies.reservation_ttl: '0s' must be at least 1us",
    ),
    "business terms that contradict each other": (
        "pickup_window: 24h",
        "pickup_window: 1h",
        ":26: policies: pickup_reminder_before must be shorter than pickup_window",
    ),
    "objective with half a limit": (
        "percentile: 99, max_ms: 500,",
        "percentile: 99,",
        ":40: objectives[0]: `percentile` and `max_ms` go together; write both",
    ),
    "objective without a limit": (
        "{failure_rate_max: 1%}",
        "{operation: place_order}",
        ":42: objectives[2]: write exactly one of: `percentile` with `max_ms`, `failure_rate_max`, `sell_out_max`",
    ),
    "objective with a window of nothing": (
        ", window: 10s}",
        "}",
        ":40: objectives[0]: `scope: worst_window` and `window` go together; write e.g. window: 10s",
    ),
    "unknown scope": (
        "scope: worst_window",
        "scope: worst_windows",
        ":40: objectives[0].scope: unknown value 'worst_windows'; did you mean 'worst_window'?",
    ),
    "unknown operation": (
        "operation: place_order",
        "operation: place_ordr",
        ":40: objectives[0].operation: unknown operation 'place_ordr'; did you mean 'place_order'?",
    ),
    "unknown invariant": (
        "invariants: all",
        "invariants: [no-oversel]",
        ":45: invariants[0]: unknown invariant 'no-oversel'; did you mean 'no-oversell'?",
    ),
    "unknown situation": (
        "reach: [sold-out]",
        "reach: [sold-outt]",
        ":46: reach[0]: unknown situation 'sold-outt'; did you mean 'sold-out'?",
    ),
    "unknown service": (
        "workers: {inventory: 2}",
        "workers: {inventry: 2}",
        ":52: topology.workers.inventry: unknown service 'inventry'; did you mean 'inventory'?",
    ),
    "service time that is no duration": (
        "decide: 200us",
        "decide: 200",
        ":55: costs.inventory.decide: 200 is not a duration; write e.g. 90s, 10min, 24h",
    ),
    "service time that is a list": (
        "decide: 200us",
        "decide: [200us]",
        ":55: costs.inventory.decide: ['200us'] is not a duration; write e.g. 90s, 10min, 24h",
    ),
    "service time with a slow median": (
        "{median: 100us, p99: 900us}",
        "{median: 1ms, p99: 900us}",
        ":55: costs.inventory.policy: `p99` is shorter than `median`; it must be at least as long",
    ),
    "service time without a median": (
        "{median: 100us, p99: 900us}",
        "{median: 0s, p99: 900us}",
        ":55: costs.inventory.policy: `median` is 0 and `p99` is not; let it be at least 1us",
    ),
    "misspelled key of the live run": (
        "duration: 2min",
        "duraton: 2min",
        ":58: live.duraton: unknown key 'duraton'; did you mean 'duration'?",
    ),
    "live run without an end": (
        "  duration: 2min\n",
        "",
        ":57: live: 'duration' is missing; add e.g. duration: 2min",
    ),
    "live run with another system": (
        "  duration: 2min\n",
        "  duration: 2min\n  system: bookstore\n",
        ":59: live.system: is the same when run for real; leave it out",
    ),
    "live duration that is none": (
        "duration: 2min",
        "duration: soon",
        ":58: live.duration: 'soon' is not a duration; write e.g. 90s, 10min, 24h",
    ),
    "broken value of the live run": (
        "decay: 20s",
        "decay: 20",
        ":59: live.arrivals.decay: 20 is not a duration; write e.g. 90s, 10min, 24h",
    ),
    "live terms that contradict the others": (
        ", pickup_reminder_before: 10s",
        "",
        ":60: live.policies: pickup_reminder_before must be shorter than pickup_window",
    ),
    "name that is not the file's": (
        "name: book_signing",
        "name: signing",
        ":2: name: 'signing' must be the name of the file, 'book_signing'",
    ),
    "name that is none": (
        "name: book_signing",
        "name: Book signing",
        ":2: name: 'Book signing' is not a name; write small letters, digits and underscores",
    ),
    "empty title": (
        "title: An author signs in the aula",
        "title: ''",
        ":3: title: must not be empty",
    ),
    "number for text": (
        "title: An author signs in the aula",
        "title: 1984",
        ":3: title: 1984 is not text; put it in quotes",
    ),
    "text for a mapping": (
        "population:\n  customers: 400\n  two_devices: 10%\n  products: 1\n",
        "population: 400\n",
        ":10: population: 400 is not a mapping; write `key: value` lines under it",
    ),
    "broken YAML": (
        "population:\n  customers: 400",
        "population:\n customers: 400",
        (
            ":12: cannot be read as YAML: mapping values are not allowed here; "
            "look at the indentation, colons and quotes around here"
        ),
    ),
    "unclosed bracket": (
        "reach: [sold-out]",
        "reach: [sold-out",
        (
            ":48: cannot be read as YAML: expected ',' or ']', but got ':'; "
            "look at the indentation, colons and quotes around here"
        ),
    ),
    "anchor": (
        "decay: 90s",
        "decay: &decay 90s",
        ":17: anchors, aliases and tags are not used here; write the value out",
    ),
    "tag": (
        "decay: 90s",
        "decay: !!python/object:os.system 90s",
        ":17: anchors, aliases and tags are not used here; write the value out",
    ),
    "fault that there is not": (
        "kind: kill",
        "kind: kil",
        ":35: faults[0].kind: unknown kind 'kil'; did you mean 'kill'?",
    ),
    "fault with a misspelled knob": (
        "    at: 90s",
        "    at: 90s\n    donw: 2s",
        ":38: faults[0].donw: unknown key 'donw'; did you mean 'down'?",
    ),
    "fault without its time": (
        "    at: 90s\n",
        "",
        ":35: faults[0]: 'at' is missing; add it",
    ),
    "fault of a process that there is not": (
        "    target: inventory\n    at: 90s",
        "    target: inventory-3\n    at: 90s",
        ":36: faults[0].target: unknown process 'inventory-3'; did you mean 'inventory-2'?",
    ),
    "fault after the end": (
        "    at: 90s",
        "    at: 90h",
        (":37: faults[0].at: would heal 3d18h after the opening, beyond the horizon, 1d30min; let it strike earlier"),
    ),
    "fault of a link that there is not": (
        "kind: kill\n    target: inventory\n    at: 90s",
        "kind: cut_link\n    between: [payment, provider]\n    at: 90s\n    for: 1s",
        ":36: faults[0].between[0]: unknown service 'payment'; did you mean 'payments'?",
    ),
    "fault with a knob that the provider has not": (
        "kind: kill\n    target: inventory",
        "kind: provider\n    for: 5s\n    knobs: {decline_share: 4%, moods: 3}",
        (
            ":37: faults[0].knobs.moods: unknown key 'moods'; choose one of authorization_lifetime, decline_share, "
            "error_after_commit_share, error_share, latency_median, latency_p99, lost_request_share, settle_median, "
            "settle_p99, timeout_share, webhook_duplicate_copies_up_to, webhook_duplicate_share, "
            "webhook_duplicate_spacing_up_to, webhook_early_share, webhook_late_share, webhook_late_up_to, "
            "webhook_lost_share, webhook_reorder_share, webhook_reorder_up_to"
        ),
    ),
    "checked run without an end": (
        "  duration: 1min\n",
        "",
        ":63: check: 'duration' is missing; add e.g. duration: 2min",
    ),
    "checked run with another name": (
        "  duration: 1min\n",
        "  duration: 1min\n  name: other\n",
        ":65: check.name: is the same when checked; leave it out",
    ),
    "checked run with a live run inside": (
        "  duration: 1min\n",
        "  duration: 1min\n  live: {duration: 1min}\n",
        ":65: check.live: belongs at the top level; leave it out",
    ),
    "live run with a swarm": (
        "  duration: 2min\n",
        "  duration: 2min\n  swarm: {most: 3}\n",
        ":59: live.swarm: does not matter when run for real; leave it out",
    ),
    "fault of the checked run": (
        "      target: inventory\n",
        "      target: storage\n",
        (
            ":69: check.faults[0].target: unknown process 'storage'; choose one of broker, catalog, catalog-1, "
            "gateway, gateway-1, inventory, inventory-1, inventory-2, notifications, notifications-1, orders, "
            "orders-1, payments, payments-1, provider"
        ),
    ),
    "swarm of a kind that there is not": (
        "faults: [kill, declines]",
        "faults: [kill, decline]",
        ":72: check.swarm.faults[1]: unknown kind 'decline'; did you mean 'declines'?",
    ),
    "swarm that never begins": (
        "window: {to: 20s}",
        "window: {from: 20s, to: 20s}",
        ":72: check.swarm.window: `to` must be later than `from`",
    ),
    "swarm that never ends": (
        "window: {to: 20s}",
        "window: {to: 2min}",
        ":72: check.swarm.window.to: 2min is beyond the horizon, 1min; end it earlier",
    ),
    "swarm of nothing": (
        "faults: [kill, declines]",
        "faults: []",
        ":72: check.swarm.faults: must not be empty",
    ),
    "trace that is not there": (
        "arrivals:\n  kind: flash\n  decay: 90s\n  early_share: 5%\n  lead: 2min\n  within: 15min\n",
        "arrivals: {kind: trace, csv: trips.csv, columns: {time: at}}\n",
        ":15: arrivals.csv: there is no file 'trips.csv' beside the scenario; put it there",
    ),
}


@pytest.mark.parametrize(
    ("rows", "columns", "options", "ends"),
    [
        ("0,1\n88200,1\n", "time: at", "", ""),
        ("0,1\n88201,1\n", "time: at", "", "1d30min1s"),
        ("0,1\n88201,1\n", "time: at", ", speed: 2", ""),
        ("0,9\n44100,9\n", "time: at, count: trips", "", ""),
        ("0,9\n44101,9\n", "time: at, count: trips", "", "1d30min2s"),
        ("0,9\n44101,9\n88202,0\n", "time: at, count: trips", "", "1d30min2s"),
        ("0,9\n44100,9\n88200,0\n99999,0\n", "time: at, count: trips", "", ""),
    ],
)
def test_a_trace_must_end_before_the_run_does(rows: str, columns: str, options: str, ends: str, tmp_path: Path) -> None:
    (tmp_path / "trips.csv").write_text(f"at,trips\n{rows}")
    flash = GOOD[GOOD.index("arrivals:\n") : GOOD.index("journeys:\n")]
    trace = f"arrivals: {{kind: trace, csv: trips.csv, columns: {{{columns}}}{options}}}\n"
    file = tmp_path / "book_signing.yaml"
    file.write_text(GOOD[: GOOD.index("live:")].replace(flash, trace))
    if not ends:
        assert load_scenario(file).horizon_us == 88_200_000_000
        return
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert str(caught.value) == (
        f"{file}:15: arrivals.csv: goes on until {ends}, beyond the horizon, 1d30min; "
        "shorten it, play it faster (`speed`) or write a longer horizon"
    )


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_told_with_its_line_and_the_fix(name: str, tmp_path: Path) -> None:
    before, after, said = BROKEN[name]
    assert before in GOOD, "the test replaces nothing"
    file = tmp_path / "book_signing.yaml"
    file.write_text(GOOD.replace(before, after, 1))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert str(caught.value) == f"{file}{said}".replace("{file}", str(file))


def test_several_problems_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "book_signing.yaml"
    file.write_text(GOOD.replace("decay: 90s", "decay: 90x").replace("customers: 400", "customers: many"))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "population.customers",
        "arrivals.decay",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a mapping; begin with a line such as `name: flash_sale`"),
        (b"- name\n", "is not a mapping; begin with a line such as `name: flash_sale`"),
        (b"name: \xff\n", "is not UTF-8 text; save it as UTF-8"),
        (b"name: \x07\n", "cannot be read as YAML: "),
        (b"a: " + b"[" * 5_000, "is nested too deeply to be a scenario"),
    ],
    ids=["empty", "list", "not text", "control character", "nested"],
)
def test_a_file_that_is_no_scenario_at_all(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert str(caught.value).startswith(f"{file}: {said}")
    assert "\n" not in str(caught.value)


def test_a_scenario_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("xyzzy")
    names = ", ".join(list_scenarios())
    assert str(caught.value) == f"there is no scenario 'xyzzy'; choose one of {names}, or give the path of a file"


def test_a_scenario_whose_name_is_misspelled_is_suggested() -> None:
    name = list_scenarios()[0]
    with pytest.raises(ScenarioError) as caught:
        load_scenario(name + "s")
    assert str(caught.value) == f"there is no scenario '{name}s'; did you mean {name!r}?"


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, len(GOOD) - 1),
    removed=st.integers(0, 3),
    added=st.text("{}[]:,-#'\"&*!|>%@` \n\tx0é", max_size=2),
)
def test_a_slip_of_the_pen_is_told_line_by_line_or_does_no_harm(
    place: int, removed: int, added: str, tmp_path: Path
) -> None:
    file = tmp_path / "book_signing.yaml"
    file.write_text(GOOD[:place] + added + GOOD[place + removed :], encoding="utf-8")
    try:
        load_scenario(file)
    except ScenarioError as error:
        told = str(error).splitlines()
        assert told
        assert all(line.startswith(str(file)) for line in told)
