"""Bearer tokens: JSON Web Tokens (RFC 7519), HS256, with the claims ``sub``, ``role`` and ``exp``."""

from __future__ import annotations

import time
from collections import OrderedDict

import jwt

from ..kernel.operation import Principal

ALGORITHM = "HS256"
LONGEST_TOKEN = 2_048
TOKENS_REMEMBERED = 10_000


class BadToken(Exception):
    """A token that proves nothing; the text says why, in words that are safe to send back."""


def mint(principal: Principal, secret: str, ttl_s: float) -> str:
    """A token that speaks for ``principal`` during the next ``ttl_s`` seconds."""
    claims = {"sub": principal.subject, "role": principal.role, "exp": time.time() + ttl_s}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


class TokenVerifier:
    """Checks tokens under one secret. Remembers those it has seen: a signature costs more than many a request."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._seen: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    def verify(self, token: str) -> Principal:
        """Whom the token speaks for. Raises `BadToken`."""
        seen = self._seen.get(token)
        if seen is None:
            seen = self._read(token)
            self._seen[token] = seen
            if len(self._seen) > TOKENS_REMEMBERED:
                self._seen.popitem(last=False)
        principal, expires_s = seen
        if expires_s <= time.time():
            raise BadToken("the token has expired")
        return principal

    def _read(self, token: str) -> tuple[Principal, float]:
        if len(token) > LONGEST_TOKEN:
            raise BadToken("the token is too long")
        try:
            claims = jwt.decode(
                token, self._secret, algorithms=[ALGORITHM], options={"require": ["sub", "role", "exp"]}
            )
            expires_s = float(claims["exp"])
        except jwt.ExpiredSignatureError as error:
            raise BadToken("the token has expired") from error
        except (jwt.PyJWTError, OverflowError) as error:
            raise BadToken("the token is not one of ours") from error
        if not isinstance(claims["role"], str):
            raise BadToken("the token names no role")
        if not claims["sub"] or not claims["sub"].isprintable():  # a lone surrogate could not even be written down
            raise BadToken("the token's subject is not a text that can be printed")
        return Principal(claims["sub"], claims["role"]), expires_s
