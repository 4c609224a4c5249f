"""The files in deploy/ name modules, services, variables and options that there are."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from reference_services.hosting.http.limits import Limits
from reference_services.hosting.settings import Settings
from reference_services.payment_provider.settings import VARIABLES, ProviderSettings
from reference_services.registry import load_system


@pytest.fixture
def compose(project_root: Path) -> dict[str, Any]:
    """The processes of the compose file by name."""
    text = (project_root / "deploy" / "docker-compose.yaml").read_text(encoding="utf-8")
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


@pytest.fixture
def example(project_root: Path) -> dict[str, str]:
    """The variables of ``.env.example``, those in its comments included."""
    text = (project_root / "deploy" / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?:# )?(DOORBUSTER_\w+)=(.*)$", text, re.MULTILINE)[::-1])


def test_every_process_runs_a_module_that_there_is(compose: dict[str, Any]) -> None:
    modules = {process["command"][0] for process in compose.values() if "command" in process}
    assert len(modules) == 4
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


def test_every_service_of_the_system_has_a_worker(compose: dict[str, Any]) -> None:
    commands = [process["command"] for process in compose.values() if "command" in process]
    worked = [name for command in commands if "--service" in command for name in command[-1].split(",")]
    system = load_system(compose["gateway"]["environment"]["DOORBUSTER_SYSTEM"], {})
    assert sorted(worked) == sorted(service.name for service in system.services)


def test_every_variable_is_one_that_somebody_reads(compose: dict[str, Any]) -> None:
    known = set(Settings(system="any").to_environment()) | set(VARIABLES.values())
    known |= {f"DOORBUSTER_{field.upper()}" for field in Limits.__struct_fields__}
    used = {
        name
        for process in compose.values()
        for name in process.get("environment", {})
        if name.startswith("DOORBUSTER_")
    }
    assert used - known == set()


def test_settings_can_be_read_from_what_the_compose_file_says(compose: dict[str, Any]) -> None:
    for name in ("gateway", "orders"):
        environment = filled_in(compose[name]["environment"])
        assert Settings.from_environment(environment).bootstrap_servers == "kafka:9092"
    provider = ProviderSettings.from_environment(filled_in(compose["provider"]["environment"]))
    assert provider.webhook_url == "http://gateway:8080/payments/webhooks/payments"


def test_the_example_has_every_variable_that_is_asked_for(compose: dict[str, Any], example: dict[str, str]) -> None:
    asked = set(re.findall(r"\$\{(\w+)", yaml.safe_dump(compose)))
    assert asked <= example.keys()


def test_the_examples_terms_and_knobs_are_valid(example: dict[str, str]) -> None:
    load_system("bookstore", msgspec.json.decode(example["DOORBUSTER_TERMS"]))
    ProviderSettings.from_environment({"DOORBUSTER_PROVIDER_KNOBS": example["DOORBUSTER_PROVIDER_KNOBS"]})


def test_the_image_holds_what_it_copies(project_root: Path) -> None:
    dockerfile = (project_root / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    kept = (project_root / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()]
    assert [name for name in copied if not (project_root / name).exists()] == []
    assert sorted(copied) == sorted(re.findall(r"^!(.+)$", kept, re.MULTILINE))


def filled_in(environment: dict[str, Any]) -> dict[str, str]:
    """A process's variables as compose would set them, with secrets made up."""
    secret = "whsec_dGhpcyBpcyBub3QgYSBzZWNyZXQsIGl0IGlzIGEgdGVzdA=="
    return {
        name: re.sub(
            r"\$\{\w+(?::-(.*?)|:\?.*?)\}", lambda match: match[1] if match[1] is not None else secret, str(value)
        )
        for name, value in environment.items()
    }
