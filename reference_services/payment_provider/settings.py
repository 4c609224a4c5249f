"""What the provider's process needs to know, handed down through environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from .misbehaviour import Misbehaviour

VARIABLES = {
    "host": "DOORBUSTER_PROVIDER_HOST",
    "port": "DOORBUSTER_PROVIDER_PORT",
    "webhook_url": "DOORBUSTER_PROVIDER_WEBHOOK_URL",
    "webhook_secret": "DOORBUSTER_WEBHOOK_SECRET",
    "knobs": "DOORBUSTER_PROVIDER_KNOBS",
    "seed": "DOORBUSTER_PROVIDER_SEED",
    "journal": "DOORBUSTER_PROVIDER_JOURNAL",
    "log_level": "DOORBUSTER_LOG_LEVEL",
}
"""The variable of each setting."""


class BadSettings(ValueError):
    """The settings cannot work; the text names the variable and says what to change."""


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one provider process.

    Without ``webhook_url`` no webhooks are sent; ``webhook_secret`` signs them (Standard Webhooks, ``whsec_...``).
    ``knobs`` is JSON, as ``GET /knobs`` shows it. ``journal`` is a file; without one the books die with the process.
    Knobs that were turned over HTTP stand in the journal, too, and count for more than ``knobs``.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8079
    webhook_url: str = ""
    webhook_secret: str = ""
    knobs: Misbehaviour = Misbehaviour()
    seed: int = 0
    journal: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __repr__(self) -> str:
        return f"ProviderSettings({self.host}:{self.port}, webhook_url={self.webhook_url!r})"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ProviderSettings:
        """Read the settings. Raises `BadSettings`."""
        raw: dict[str, Any] = {
            field: environment[variable] for field, variable in VARIABLES.items() if environment.get(variable)
        }
        if "knobs" in raw:
            raw["knobs"] = _json(raw["knobs"])
        try:
            settings = msgspec.convert(raw, cls, strict=False)
        except msgspec.ValidationError as error:
            raise BadSettings(_explained(str(error))) from error
        if settings.webhook_url:
            _check_webhooks(settings)
        return settings


def _check_webhooks(settings: ProviderSettings) -> None:
    url = urlsplit(settings.webhook_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise BadSettings(f"{VARIABLES['webhook_url']} must be http://host:port/path, not {settings.webhook_url!r}")
    try:
        Signer(settings.webhook_secret)
    except (EmptyWebhookSecretError, ValueError) as error:
        raise BadSettings(f"{VARIABLES['webhook_secret']} must be whsec_ and base64: {error}") from error


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadSettings(f"{VARIABLES['knobs']} must be a JSON object: {error}") from error


def _explained(message: str) -> str:
    """The message of msgspec with the variable in front and, for a knob, its name."""
    problem, _, place = message.partition(" - at `$.")
    field, _, knob = place.rstrip("`").partition(".")
    named = [VARIABLES.get(field, ""), knob, problem]
    return ": ".join(part for part in named if part)
