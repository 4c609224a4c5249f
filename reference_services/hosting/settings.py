"""What every process of a system needs to know, handed down through environment variables named ``DOORBUSTER_*``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from ..processes.logs import LogLevel

PREFIX = "DOORBUSTER_"
EMBEDDED = "embedded"
TANSU = "tansu"
STARTED_HERE = (EMBEDDED, TANSU)
"""Brokers that a supervisor starts itself: our own, and the one that installs from PyPI (see `broker`)."""

KAFKA_SCHEME = "kafka://"
SECRETS = ("token_secret", "webhook_secret")

EMBEDDED_FETCH_WAIT_MS = 50
"""A client asks for more of a partition only once the fetch under way, for the others, has been answered. This bounds
how long a message can lie there unseen; on one machine a short wait costs little."""

KAFKA_FETCH_WAIT_MS = 500
"""Kafka's own default; each wait less saves a request over the network."""

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class BadSettings(ValueError):
    """The settings cannot work; the text names the variable and says what to change."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one process. The variable of a field is its name in capitals after ``DOORBUSTER_``.

    ``broker`` is ``embedded`` (or ``tansu``) until a supervisor has started one; processes below it get
    ``kafka://host:port`` and ``broker_embedded`` true, because such a broker is tuned differently. ``terms`` are the
    system's business terms (JSON in the environment). ``public_url`` is where callers find the gateway, if that is not
    where their requests say that they went. ``metrics_port`` is a worker's own HTTP port on loopback; 0
    takes a free one.
    """

    system: str
    terms: dict[str, Any] = {}
    broker: str = EMBEDDED
    broker_embedded: bool = False
    partitions: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 4
    http_host: str = "127.0.0.1"
    http_port: Port = 8080
    public_url: str = ""
    metrics_port: Port = 0
    provider_url: str = ""
    token_secret: str = ""
    webhook_secret: str = ""
    log_level: LogLevel = "info"

    def __post_init__(self) -> None:
        if self.broker not in STARTED_HERE and not self.broker.startswith(KAFKA_SCHEME):
            choices = "'embedded', 'tansu' or 'kafka://host:port'"
            raise ValueError(f"{variable('broker')} must be {choices}, not {self.broker!r}")

    def __repr__(self) -> str:
        shown = ", ".join(f"{field}={value!r}" for field, value in self.without_secrets().items())
        return f"Settings({shown})"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings. Raises `BadSettings`."""
        if not environment.get(variable("system")):
            raise BadSettings(f"set {variable('system')} to the name of a system")
        raw: dict[str, Any] = {
            field: environment[variable(field)]
            for field in cls.__struct_fields__
            if environment.get(variable(field), "") != ""
        }
        if "terms" in raw:
            raw["terms"] = _terms(raw["terms"])
        return _checked(raw)

    def to_environment(self) -> dict[str, str]:
        """The variables from which `from_environment` reads these settings again."""
        values = {**msgspec.structs.asdict(self), "terms": msgspec.json.encode(self.terms).decode()}
        return {variable(field): _text(value) for field, value in values.items()}

    def changed(self, **changes: Any) -> Settings:
        """The same settings with some fields changed. Raises `BadSettings`."""
        return _checked({**msgspec.structs.asdict(self), **changes})

    def without_secrets(self) -> dict[str, Any]:
        """The settings as they may be written to a run folder or a log."""
        return {field: value for field, value in msgspec.structs.asdict(self).items() if field not in SECRETS}

    def require(self, field: str) -> str:
        """The text of ``field``. Raises `BadSettings` if it is empty."""
        value: str = getattr(self, field)
        if not value:
            raise BadSettings(f"set {variable(field)}; it is empty")
        return value

    @property
    def bootstrap_servers(self) -> str:
        """The broker as Kafka clients take it: ``127.0.0.1:9092``. Raises `BadSettings` while it is ``embedded``."""
        if self.broker in STARTED_HERE:
            raise BadSettings(f"set {variable('broker')} to kafka://host:port, or let a supervisor start the broker")
        return self.broker.removeprefix(KAFKA_SCHEME)

    @property
    def fetch_wait_ms(self) -> int:
        """How long a consumer lets the broker hold back an empty answer, in milliseconds."""
        return EMBEDDED_FETCH_WAIT_MS if self.broker_embedded else KAFKA_FETCH_WAIT_MS


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def _checked(raw: Mapping[str, Any]) -> Settings:
    try:
        return msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`")
        raise BadSettings(f"{variable(field)}: {message}" if field else message) from error


def _terms(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadSettings(f"{variable('terms')} must be a JSON object: {error}") from error


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
