"""What the documents point to is there: files, headings, verbs with their options, and targets of make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from doorbuster.main import app

LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:    |\s+run: |\s+).*?(?:\.venv/bin/)?\bdoorbuster ([a-z-]+)([^\n#|]*)", re.MULTILINE)
MAKE = re.compile(r"^    make ([a-z]+)\b", re.MULTILINE)

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md")])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]


def anchors(page: Path) -> set[str]:
    """The fragments under which a page's headings can be reached, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    """The links of ``page`` that lead nowhere; addresses elsewhere are not asked."""
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        name, _, fragment = link.partition("#")
        target = (page.parent / name) if name else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_exist_with_their_options(page: Path) -> None:
    verbs = get_command(app).commands  # type: ignore[attr-defined]
    for verb, rest in COMMAND.findall(page.read_text(encoding="utf-8")):
        assert verb in verbs, f"doorbuster {verb}{rest}"
        known = {option for parameter in verbs[verb].params for option in parameter.opts + parameter.secondary_opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known | {"--help"}, f"doorbuster {verb}{rest}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_targets_of_make_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in MAKE.findall(page.read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def test_the_readme_shows_every_verb() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {verb for verb, _ in COMMAND.findall(text)} == set(get_command(app).commands)  # type: ignore[attr-defined]


def test_the_workflow_in_the_readme_is_yaml() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (workflow,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    assert all("run" in step or "uses" in step for step in job["steps"])
