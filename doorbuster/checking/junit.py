"""A search as JUnit XML, which every CI system shows: a suite a scenario, a case an invariant, and one for reach.

Source of the format: Jenkins' ``junit-10.xsd``. There is no schema that all readers share; this is the part that they
agree on. A failure is a rule that broke, an error a rule that could not be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from reports import wording
from scenarios.run_folder import write_atomically

from .checked import Checked

REACH = "reach"


def write_junit(path: Path, searches: Sequence[Checked]) -> None:
    """Write ``searches`` to the file ``path``, whole or not at all."""
    suites = ElementTree.Element("testsuites", name="doorbuster check")
    for checked in searches:
        suites.append(_suite(checked))
    for key in ("tests", "failures", "errors"):
        suites.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    ElementTree.indent(suites)
    write_atomically(path, ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n")


def _suite(checked: Checked) -> ElementTree.Element:
    total = checked.total
    suite = ElementTree.Element("testsuite", name=total.scenario.name, time=f"{checked.wall_s:.3f}")
    for invariant in total.checked:
        _add_invariant(suite, checked, invariant)
    _add_reach(suite, checked)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    return suite


def _add_invariant(suite: ElementTree.Element, checked: Checked, invariant: str) -> None:
    case = _case(suite, invariant)
    breach = checked.total.breaches.get(invariant)
    if breach is not None:
        _add(case, "failure", breach.message, checked.told(breach))
    elif invariant in checked.total.crashed:
        _add(case, "error", "the checker crashed", checked.total.crashed[invariant])


def _add_reach(suite: ElementTree.Element, checked: Checked) -> None:
    """A search that has found something may have ended before everything was reached."""
    total, case = checked.total, _case(suite, REACH)
    crashed = len(total.crashed)
    reasons = [] if total.first is not None else total.why_invalid()[crashed:]
    if reasons:
        _add(case, "error", reasons[0], "\n".join(reasons))


def _case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    scenario = suite.get("name", "")
    return ElementTree.SubElement(suite, "testcase", classname=f"doorbuster.check.{scenario}", name=name)


def _add(case: ElementTree.Element, kind: str, message: str, text: str) -> None:
    element = ElementTree.SubElement(case, kind, message=wording.printable(message))
    element.text = "\n".join(wording.printable(line) for line in text.split("\n"))
