from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from synthetic_sale import PICTURES, SCENARIO, Sale, broken, held, write_rehearsal, write_sale

from reports.pictures import BadPictures
from reports.report import charts_of, read_runs, write_report
from scenarios.run_folder import NotARunFolder

HOSTILE = '<script>alert("x")</script>'
LOADED_FROM = {"src", "href", "xlink:href", "srcset", "action", "data", "poster", "formaction", "background"}


class Page(HTMLParser):
    """What a browser would make of a page: elements, text, what it refers to, and the data embedded in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.html = path.read_text()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.data: list[object] = []
        self.words: list[str] = []
        self._in = ""
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in = "json" if ("type", "application/json") in attrs else tag
        self.references += [value or "" for name, value in attrs if name in LOADED_FROM]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        for _, value in attrs:
            self.references += re.findall(r"url\(\s*[\"']?([^)\"']+)", value or "")

    def handle_data(self, data: str) -> None:
        if self._in == "json":
            self.data.append(json.loads(data))
        elif self._in == "style":
            self.references += re.findall(r"(?:url\(\s*|@import\s+)[\"']?([^)\"']+)", data)
        elif self._in != "script":
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_rehearsal(tmp_path_factory.mktemp("rehearsal"), customer=f"student {HOSTILE}")
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def rehearsed(rehearsal: Path) -> Page:
    return Page(rehearsal / "report.html")


def report_of(folder: Path, sale: Sale, **findings: object) -> Page:
    return Page(write_report(write_sale(folder, sale, held(**findings))))


def test_the_page_needs_nothing_from_outside(rehearsed: Page) -> None:
    assert [reference for reference in rehearsed.references if not reference.startswith(("#", "data:"))] == []
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", rehearsed.html)
    assert "default-src 'none'" in rehearsed.html
    assert not {"link", "iframe", "object", "embed", "base"} & set(rehearsed.tags)


def test_every_reference_within_the_page_has_its_aim(rehearsed: Page) -> None:
    assert len(rehearsed.ids) == len(set(rehearsed.ids))
    aims = {reference[1:] for reference in rehearsed.references if reference.startswith("#")}
    assert aims
    assert aims <= set(rehearsed.ids)


def test_names_from_outside_are_shown_and_never_run(rehearsed: Page) -> None:
    assert HOSTILE not in rehearsed.html
    assert f"student {HOSTILE}-00" in " ".join(rehearsed.words)


def test_hostile_names_are_harmless_wherever_they_stand(tmp_path: Path) -> None:
    gauge = {**PICTURES["gauges"][0], "title": HOSTILE, "unit": HOSTILE, "per": "order_id"}
    sale = Sale(
        customers=30,
        customer=HOSTILE,
        pictures={"gauges": [gauge], "headline": HOSTILE},
        document={**SCENARIO, "title": HOSTILE, "reach": ["sold-out"]},
    )
    page = report_of(tmp_path, sale, reached={HOSTILE: 1, "sold-out": 1}, invariants=(broken(),), crashed=HOSTILE)
    assert HOSTILE not in page.html
    assert page.tags.count("script") == page.html.count("</script>")


def test_the_verdict_comes_first(rehearsed: Page) -> None:
    assert rehearsed.tags.index("h1") < rehearsed.tags.index("table")
    assert re.search(r"PASS Nothing was oversold: \d+ of 60 units sold\.", rehearsed.text)


def test_both_worlds_stand_side_by_side(rehearsed: Page) -> None:
    assert "Simulated beside live" in rehearsed.text
    assert re.search(r"Simulation and reality agree on \d+ of 11 figures", rehearsed.text)
    assert {"Simulated", "Live"} <= {word.strip() for word in rehearsed.words}


def test_pointing_tells_exact_values(rehearsed: Page) -> None:
    axes = [each for each in rehearsed.data if "buckets" in each]
    panels = [each for each in rehearsed.data if "series" in each]
    assert axes
    lengths = {len(axis["buckets"]) for axis in axes}
    assert {len(series["values"]) for panel in panels for series in panel["series"]} <= lengths
    assert all(0 <= share <= 100 for panel in panels for share in panel["box"])


def test_a_rehearsal_leaves_its_verdicts_in_every_folder(rehearsal: Path) -> None:
    verdicts = [json.loads((rehearsal / place / "verdict.json").read_text()) for place in ("", "simulated", "live")]
    assert [verdict["code"] for verdict in verdicts] == [0, 0, 0]
    assert list(verdicts[0]["worlds"]) == ["Simulated", "Live"]


def test_every_chart_is_kept_for_print_and_for_screens(rehearsal: Path) -> None:
    charts = charts_of(read_runs(rehearsal))
    slugs = {chart.slug for chart in charts}
    assert {"arrivals", "response-times", "outcomes", "gauge-stock", "gauge-stock-by-sku"} <= slugs
    assert {"queue-depth", "lag", "hops", "events-by-type", "event-flow"} <= slugs
    for slug in slugs:
        assert (rehearsal / "charts" / f"{slug}.svg").read_text().rstrip().endswith("</svg>")
        assert (rehearsal / "charts" / f"{slug}.png").read_bytes().startswith(b"\x89PNG")


def test_a_single_run_has_a_report_too(tmp_path: Path) -> None:
    page = report_of(tmp_path, Sale(customers=60))
    assert "Simulated beside live" not in page.text
    assert "doorbuster rehearse flash_sale --seed 7" in page.text
    assert (tmp_path / "charts" / "arrivals.svg").exists()


def test_a_report_can_be_made_again_and_is_the_same(tmp_path: Path) -> None:
    write_sale(tmp_path, Sale(customers=40))
    first = write_report(tmp_path).read_bytes()
    (tmp_path / "charts" / "of-an-earlier-run.svg").write_text("old")
    assert write_report(tmp_path).read_bytes() == first
    assert not (tmp_path / "charts" / "of-an-earlier-run.svg").exists()


def test_what_was_not_measured_is_said_and_not_drawn(tmp_path: Path) -> None:
    page = report_of(tmp_path, Sale(customers=30, samples=False))
    assert "No samples of queue depth were recorded." in page.text
    assert "No samples of lag were recorded." in page.text
    assert not (tmp_path / "charts" / "lag.svg").exists()


def test_what_only_one_world_measured_is_said_of_the_other(rehearsed: Page) -> None:
    assert "No samples of processor use were recorded." in rehearsed.text


def test_a_run_without_anything_is_invalid_and_still_reported(tmp_path: Path) -> None:
    page = report_of(tmp_path, Sale(customers=0, samples=False, units_per_sku=0), events=0)
    assert "INVALID" in page.text
    assert "No requests were recorded." in page.text


def test_a_system_without_pictures_has_a_plain_report(tmp_path: Path) -> None:
    page = report_of(tmp_path, Sale(customers=30, pictures={}))
    assert "Every invariant held, and every objective was met." in page.text


SHARES_USE_AND_WAITS: dict[str, Any] = {
    "gauges": [
        {
            "title": "Paid for",
            "unit": "orders",
            "share_of": "reserved",
            "series": [
                {"name": "paid", "changes": [{"event": "ReservationCommitted", "amount": "+1"}]},
                {"name": "reserved", "drawn": False, "changes": [{"event": "StockReserved", "amount": "+1"}]},
            ],
        }
    ],
    "utilizations": [
        {
            "title": "Use of nothing",
            "per": "sku",
            "offered": [{"event": "NeverHappens", "key": ["sku"], "spans": "open"}],
            "used": [{"event": "NeverHappens", "key": ["sku"], "spans": "open"}],
        }
    ],
    "waits": [
        {
            "title": "Until paid",
            "unit": "orders",
            "between": "from reservation to payment",
            "begins": {"event": "StockReserved"},
            "ends": {"event": "ReservationCommitted"},
            "same": "order_id",
            "per": "sku",
        }
    ],
}


def test_shares_waits_and_used_time_are_drawn(tmp_path: Path) -> None:
    page = report_of(tmp_path, Sale(customers=60, pictures=SHARES_USE_AND_WAITS))
    assert re.search(r"Paid for Percent of the orders reserved so far\. [\d.]+% paid: \d+ of \d+ orders", page.text)
    assert re.search(r"Until paid How many orders took how long from reservation to payment, in steps of", page.text)
    assert "No event of this run offered any time." in page.text
    assert {"gauge-paid-for.png", "gauge-until-paid.png"} <= {path.name for path in (tmp_path / "charts").iterdir()}


def test_a_tail_that_dwarfs_the_rush_is_cut_and_told(tmp_path: Path) -> None:
    page = report_of(tmp_path, Sale(customers=200, tail_s=86_400))
    assert re.search(r"Charts show the rush, up to \d+ min .* The run went on for 2[34] h", page.text)
    assert "Stock, the whole run" in page.text


def test_broken_invariants_are_told_with_their_first_violations(tmp_path: Path) -> None:
    page = report_of(tmp_path, Sale(customers=30), invariants=(broken(7), *held().invariants[1:]))
    assert "7 violations" in page.text
    assert "201 of 200 sold" in page.text
    assert "The first 5 of 7; the last: stock/mug: 207 of 200 sold" in page.text


def damaged(folder: Path, name: str, text: str | None) -> Path:
    write_sale(folder, Sale(customers=5))
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", ["run.json", "findings.json", "events.parquet", "requests.parquet", "samples.parquet"])
@pytest.mark.parametrize("text", [None, "", "{not json"])
def test_a_damaged_folder_is_one_line_and_leaves_no_report(tmp_path: Path, name: str, text: str | None) -> None:
    with pytest.raises(NotARunFolder) as raised:
        write_report(damaged(tmp_path, name, text))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "report.html").exists()
    assert not (tmp_path / "verdict.json").exists()


def test_no_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotARunFolder, match="there is no such folder"):
        write_report(tmp_path / "nowhere")


def test_half_a_rehearsal_is_one_line(tmp_path: Path) -> None:
    write_sale(tmp_path / "simulated", Sale(customers=5))
    with pytest.raises(NotARunFolder, match="live: there is no such folder"):
        write_report(tmp_path)


def test_two_runs_that_are_no_rehearsal_are_one_line(tmp_path: Path) -> None:
    write_sale(tmp_path / "simulated", Sale(customers=5))
    write_sale(tmp_path / "live", Sale(customers=5))
    with pytest.raises(NotARunFolder, match="holds a simulated run"):
        write_report(tmp_path)


def test_pictures_that_do_not_fit_are_one_line(tmp_path: Path) -> None:
    write_sale(tmp_path, Sale(customers=5, pictures={"gauges": [{"title": "Stock"}]}))
    with pytest.raises(BadPictures, match="unit"):
        write_report(tmp_path)
