"""Settings travel through the environment whole, and say what is wrong with them."""

from __future__ import annotations

import pytest

from reference_services.hosting.settings import BadSettings, Settings

SYSTEM = {"DOORBUSTER_SYSTEM": "bookstore"}


def test_settings_survive_the_environment() -> None:
    settings = Settings(
        system="bookstore",
        terms={"reservation_ttl_us": 5, "note": "with = and\nnewline"},
        broker="kafka://127.0.0.1:9092",
        broker_embedded=True,
        partitions=8,
        http_port=0,
        token_secret="s3cret",
    )

    assert Settings.from_environment(settings.to_environment()) == settings


def test_what_is_not_set_has_its_default() -> None:
    settings = Settings.from_environment({**SYSTEM, "DOORBUSTER_PARTITIONS": "", "DOORBUSTER_UNHEARD_OF": "x"})

    assert settings == Settings(system="bookstore")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "set DOORBUSTER_SYSTEM"),
        ({**SYSTEM, "DOORBUSTER_PARTITIONS": "many"}, "DOORBUSTER_PARTITIONS: "),
        ({**SYSTEM, "DOORBUSTER_PARTITIONS": "0"}, "DOORBUSTER_PARTITIONS: "),
        ({**SYSTEM, "DOORBUSTER_HTTP_PORT": "70000"}, "DOORBUSTER_HTTP_PORT: "),
        ({**SYSTEM, "DOORBUSTER_LOG_LEVEL": "chatty"}, "DOORBUSTER_LOG_LEVEL: "),
        (
            {**SYSTEM, "DOORBUSTER_BROKER": "localhost:9092"},
            "DOORBUSTER_BROKER must be 'embedded', 'tansu' or 'kafka://",
        ),
        ({**SYSTEM, "DOORBUSTER_TERMS": "{"}, "DOORBUSTER_TERMS must be a JSON object"),
        ({**SYSTEM, "DOORBUSTER_TERMS": "[]"}, "DOORBUSTER_TERMS: "),
    ],
)
def test_bad_settings_name_the_variable(environment: dict[str, str], message: str) -> None:
    with pytest.raises(BadSettings) as raised:
        Settings.from_environment(environment)

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_secrets_are_not_shown() -> None:
    settings = Settings(system="bookstore", token_secret="hush", webhook_secret="hush")

    assert "hush" not in repr(settings)
    assert "hush" not in str(settings.without_secrets())


def test_a_required_setting_that_is_empty_is_named() -> None:
    with pytest.raises(BadSettings, match="DOORBUSTER_PROVIDER_URL"):
        Settings(system="bookstore").require("provider_url")


def test_there_is_no_address_before_the_broker_has_been_started() -> None:
    with pytest.raises(BadSettings, match="DOORBUSTER_BROKER"):
        _ = Settings(system="bookstore").bootstrap_servers
