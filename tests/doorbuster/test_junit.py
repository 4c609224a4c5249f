"""What CI systems are told of a search: JUnit XML, and annotations of GitHub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_lines import CommandLine

from doorbuster.checking.annotations import error_command, marks
from doorbuster.checking.checked import Checked
from doorbuster.checking.junit import write_junit
from doorbuster.checking.total import Total
from reference_services.kernel.invariant import Finding, Violation
from reports.verdict import INVALID, INVARIANT_BROKEN, PASS
from scenarios.loading import load_scenario
from simulations.planted.catalog import PLANTS
from simulations.search.searching import SeedOutcome

AWKWARD = 'sold 3 of 2 <hoodies> & "mugs"\x00\n100%'


def outcome(seed: int, *findings: Finding, reached: bool = True) -> SeedOutcome:
    violated = tuple(each.name for each in findings if each.status == "broken")
    crashed = tuple(each.name for each in findings if each.status == "crashed")
    situations = dict.fromkeys(load_scenario("flash_sale").reach, int(reached))
    return SeedOutcome(seed, "1 gateway", "ab" * 32, 10, 0.1, situations, violated, crashed, findings)


def broken(name: str, message: str = AWKWARD) -> Finding:
    return Finding(name, "Some rule.", "broken", 1, (Violation(name, "sku/1", 0, "e-1", message),))


def crashed(name: str) -> Finding:
    return Finding(name, "Some rule.", "crashed", 0, error="KeyError: 'sku'")


def searched(*outcomes: SeedOutcome, plant: str = "") -> Checked:
    total = Total(load_scenario("flash_sale"), range(1, 10), PLANTS[plant] if plant else None)
    for each in outcomes:
        total.add(each)
    return Checked("flash_sale", total, 1.5)


def read(path: Path, *searches: Checked) -> ElementTree.Element:
    write_junit(path / "junit.xml", searches)
    return ElementTree.parse(path / "junit.xml").getroot()


@pytest.fixture
def suite_of(tmp_path: Path) -> Callable[..., ElementTree.Element]:
    """The suite of one search, as written and read back."""

    def write(*outcomes: SeedOutcome, plant: str = "") -> ElementTree.Element:
        (suite,) = read(tmp_path, searched(*outcomes, plant=plant))
        return suite

    return write


def case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = [each for each in suite if each.get("name") == name]
    return found


def test_a_clean_search_has_a_case_for_every_rule_and_one_for_reach(
    suite_of: Callable[..., ElementTree.Element],
) -> None:
    suite = suite_of(outcome(1), outcome(2))

    names = [each.get("name") for each in suite]
    assert {"no-oversell", "decided-once", "stock-linearizable", "reach"} <= set(names)
    assert (suite.get("name"), suite.get("tests"), suite.get("time")) == ("flash_sale", str(len(names)), "1.500")
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert all(len(each) == 0 for each in suite)


def test_a_rule_that_broke_names_seed_message_and_how_to_see_it_again(
    suite_of: Callable[..., ElementTree.Element],
) -> None:
    suite = suite_of(outcome(1), outcome(2, broken("no-oversell")))

    (failure,) = case(suite, "no-oversell")
    assert failure.tag == "failure"
    assert '<hoodies> & "mugs"' in failure.get("message", "")
    assert failure.text is not None
    assert failure.text.startswith("Seed 2: sold 3 of 2 <hoodies>")
    assert failure.text.endswith("See it again: doorbuster check flash_sale --seeds 2-2")
    assert (suite.get("failures"), suite.get("errors")) == ("1", "0")


def test_a_checker_that_crashed_is_an_error(suite_of: Callable[..., ElementTree.Element]) -> None:
    suite = suite_of(outcome(1, crashed("one-ending")))

    (error,) = case(suite, "one-ending")
    assert error.tag == "error"
    assert error.text == "seed 1: KeyError: 'sku'"
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    assert len(case(suite, "reach")) == 0


def test_a_crash_proves_nothing_and_a_violation_outranks_it() -> None:
    assert searched(outcome(1)).total.code == PASS
    assert searched(outcome(1), outcome(2, crashed("one-ending"))).total.code == INVALID
    assert searched(outcome(1, crashed("one-ending"), broken("no-oversell"))).total.code == INVARIANT_BROKEN


def test_what_was_never_reached_is_an_error(suite_of: Callable[..., ElementTree.Element]) -> None:
    (error,) = case(suite_of(outcome(1, reached=False)), "reach")

    assert error.tag == "error"
    assert error.text is not None
    assert error.text.splitlines() == [
        f"The scenario must reach {name}; no seed did." for name in load_scenario("flash_sale").reach
    ]


def test_a_search_that_found_something_early_need_not_reach_everything(
    suite_of: Callable[..., ElementTree.Element],
) -> None:
    assert len(case(suite_of(outcome(1, broken("no-oversell"), reached=False)), "reach")) == 0


def test_a_plant_that_was_not_found_is_an_error(suite_of: Callable[..., ElementTree.Element]) -> None:
    suite = suite_of(outcome(1, broken("one-ending")), plant="decided-again")

    (error,) = case(suite, "reach")
    assert "The plant was not found: decided-once" in error.get("message", "")
    assert "what broke: one-ending" in error.get("message", "")


def test_suites_are_added_up(tmp_path: Path) -> None:
    root = read(tmp_path, searched(outcome(1)), searched(outcome(1, broken("no-oversell"))))

    assert len(root) == 2
    assert int(root.get("tests", "0")) == sum(len(suite) for suite in root)
    assert (root.get("failures"), root.get("errors")) == ("1", "0")


def test_annotations_are_escaped() -> None:
    assert error_command("a: b, 5%\n", "c: d, 5%\r\n") == "::error title=a%3A b%2C 5%25%0A::c: d, 5%25%0D%0A"


def test_a_violation_is_an_annotation_on_one_line() -> None:
    (line,) = marks(searched(outcome(1, broken("no-oversell"))))

    assert line.startswith("::error title=flash_sale%3A no-oversell::Seed 1: sold 3 of 2")
    assert "100%25%0ASee it again: doorbuster check flash_sale --seeds 1-1" in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(("environment", "expected"), [("true", 1), ("", 0)])
def test_annotations_are_made_in_a_job_of_github(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, environment: str, expected: int
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", environment)

    result = command_line("check", "flash_sale", "--minutes", 0, "--junit", "ci/check.xml", "--format", "json")

    assert result.exit_code == 4
    lines = [line for line in result.stderr.splitlines() if line.startswith("::")]
    assert len(lines) == expected
    assert all(line.startswith("::error title=flash_sale%3A INVALID::Not one seed ended") for line in lines)
    (error,) = ElementTree.parse("ci/check.xml").getroot().iterfind("testsuite/testcase[@name='reach']/error")
    assert "--minutes" in error.get("message", "")
