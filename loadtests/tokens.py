"""Bearer tokens of the people in a scenario: JSON Web Tokens (RFC 7519), HS256, one a person, minted on first use."""

from __future__ import annotations

import time
from functools import lru_cache

import jwt

from reference_services.kernel.operation import Principal

SECRET_VARIABLE = "DOORBUSTER_TOKEN_SECRET"  # noqa: S105  # the name of a variable
"""The environment variable that holds the secret under which the services accept tokens."""

TOKENS_KEPT = 50_000


class TokenMint:
    """Mints tokens under one secret, valid for ``lifetime_s`` seconds, and remembers those of the latest people."""

    def __init__(self, secret: str, lifetime_s: float) -> None:
        self._secret = secret
        self._lifetime_s = lifetime_s
        self.authorization = lru_cache(TOKENS_KEPT)(self._authorization)

    def _authorization(self, principal: Principal) -> str:
        """The value of the Authorization header that speaks for ``principal``."""
        claims = {"sub": principal.subject, "role": principal.role, "exp": time.time() + self._lifetime_s}
        return f"Bearer {jwt.encode(claims, self._secret, algorithm='HS256')}"
