"""Who is calling: bearer tokens for people and devices, signatures for webhooks."""

from __future__ import annotations

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from ...kernel.operation import ANYONE, Principal, Role
from ...kernel.problem import FORBIDDEN, UNAUTHENTICATED, Problem
from ..settings import BadSettings, variable
from ..tokens import BadToken, TokenVerifier
from .exchange import HttpProblem, Request

NOBODY = Principal("", ANYONE)
LONGEST_WEBHOOK_ID = 255


class Access:
    """Tells callers apart, and says no to those who may not do what they ask for. Raises `BadSettings` when made."""

    def __init__(self, token_secret: str, webhook_secret: str) -> None:
        self._tokens = TokenVerifier(token_secret)
        try:
            self._webhooks = Webhook(webhook_secret)
        except (EmptyWebhookSecretError, ValueError) as error:
            raise BadSettings(f"{variable('webhook_secret')} must be whsec_ and base64: {error}") from error

    def principal(self, request: Request, roles: tuple[Role, ...]) -> Principal:
        """The caller, who has one of ``roles``. Raises `Problem` (401, 403).

        Where anyone may call, no token is needed; one that is sent is checked all the same.
        """
        scheme, _, token = request.header(b"authorization").partition(" ")
        if not scheme:
            if ANYONE in roles:
                return NOBODY
            raise _unauthenticated("Bearer", "send Authorization: Bearer and a token")
        if scheme.lower() != "bearer":
            raise _unauthenticated("Bearer", "send a bearer token")
        try:
            principal = self._tokens.verify(token.strip())
        except BadToken as error:
            raise _unauthenticated('Bearer error="invalid_token"', str(error)) from error
        if principal.role not in roles and ANYONE not in roles:
            raise Problem(FORBIDDEN, f"the role {principal.role!r} may not do this")
        return principal

    def webhook_id(self, request: Request, raw: bytes) -> str:
        """The id of the webhook whose body is ``raw``. Raises `Problem` (401) unless its signature is good and fresh.

        Source: Standard Webhooks, "Verifying webhook authenticity".
        """
        try:
            self._webhooks.verify(raw, request.headers(), json_parse=False)
        # ValueError: signatures that are not base64, bodies that are not UTF-8.
        except (WebhookVerificationError, ValueError) as error:
            raise _unauthenticated("Webhook", "the webhook's signature or timestamp is not good") from error
        webhook_id = request.header(b"webhook-id")
        if len(webhook_id) > LONGEST_WEBHOOK_ID:
            raise _unauthenticated("Webhook", f"a webhook-id has at most {LONGEST_WEBHOOK_ID} characters")
        return webhook_id


def _unauthenticated(challenge: str, detail: str) -> HttpProblem:
    return HttpProblem(UNAUTHENTICATED, detail, ((b"www-authenticate", challenge.encode()),))
