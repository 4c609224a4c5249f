"""Who may do what: bearer tokens, roles, and things that belong to somebody."""

from __future__ import annotations

import base64
import json
import time

import httpx
import jwt
import pytest
from http_talk import TOKEN_SECRET, assert_problem, bearer, keyed

from reference_services.hosting.tokens import BadToken, TokenVerifier, mint
from reference_services.kernel.operation import Principal

ANN = Principal("ann", "customer")
NEVER = 4_000_000_000


def unsigned(claims: dict[str, object]) -> str:
    """A token of algorithm ``none``."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def token(claims: dict[str, object], **options: str) -> str:
    return jwt.encode(claims, options.get("secret", TOKEN_SECRET), algorithm=options.get("algorithm", "HS256"))


CLAIMS = {"sub": "ann", "role": "customer", "exp": NEVER}

BAD_TOKENS = {
    "junk": "junk",
    "three dots": "...",
    "forged": token(CLAIMS, secret="another secret of at least thirty-two bytes"),
    "expired": mint(ANN, TOKEN_SECRET, -1),
    "unsigned": unsigned(CLAIMS),
    "another algorithm": token(CLAIMS, algorithm="HS512", secret=TOKEN_SECRET * 2),
    "no expiry": token({"sub": "ann", "role": "customer"}),
    "no role": token({"sub": "ann", "exp": NEVER}),
    "no subject": token({"role": "customer", "exp": NEVER}),
    "a role that is no text": token({**CLAIMS, "role": ["customer", "staff"]}),
    "a subject that is no text": token({**CLAIMS, "sub": 7}),
    "an empty subject": token({**CLAIMS, "sub": ""}),
    "a subject of control characters": token({**CLAIMS, "sub": "ann\x00\n"}),
    "a subject that cannot be encoded": token({**CLAIMS, "sub": "ann\ud83d"}),
    "an expiry beyond all numbers": token({**CLAIMS, "exp": 10**400}),
    "an infinite expiry": token({**CLAIMS, "exp": float("inf")}),
    "an expiry that is no number": token({**CLAIMS, "exp": NEVER})[:-3] + "abc",
    "too long": token({**CLAIMS, "padding": "x" * 5_000}),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_proves_nothing(client: httpx.Client, name: str) -> None:
    headers = keyed("ann") | {"Authorization": f"Bearer {BAD_TOKENS[name]}"}
    answer = client.post("/bar/drinks", json={"kind": "coffee"}, headers=headers)

    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("authorization", [None, "Basic YW5uOnNlY3JldA==", "Token abc"])
def test_no_bearer_token_is_asked_for(client: httpx.Client, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = client.get("/bar/drinks/d-1", headers=headers)

    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_another_role_is_forbidden(client: httpx.Client) -> None:
    answer = client.post("/store/beans/arabica/refills", json={"grams": 1}, headers=keyed("ann", "customer"))

    assert_problem(answer, 403, "forbidden")


def test_what_belongs_to_somebody_else_is_not_there(client: httpx.Client) -> None:
    mine = client.post("/bar/drinks", json={"kind": "coffee"}, headers=keyed("ann")).headers["location"]

    assert client.get(mine, headers=bearer("ann", "customer")).status_code == 200
    assert_problem(client.get(mine, headers=bearer("bob", "customer")), 404, "not-found")
    assert_problem(client.put(f"{mine}/label", json={"label": "Bob"}, headers=keyed("bob")), 404, "not-found")


def test_anyone_may_read_the_menu(client: httpx.Client) -> None:
    assert client.get("/bar/menu").status_code == 200
    assert client.get("/bar/menu", headers=bearer("sue", "staff")).status_code == 200


def test_a_bad_token_is_refused_even_where_none_is_needed(client: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {BAD_TOKENS['forged']}"}

    assert_problem(client.get("/bar/menu", headers=headers), 401, "unauthenticated")


def test_a_token_comes_back_as_whom_it_was_minted_for() -> None:
    verifier = TokenVerifier(TOKEN_SECRET)
    minted = mint(ANN, TOKEN_SECRET, 60)

    assert verifier.verify(minted) == verifier.verify(minted) == ANN


def test_a_token_that_has_been_seen_expires_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = TokenVerifier(TOKEN_SECRET)
    minted = mint(ANN, TOKEN_SECRET, 60)
    verifier.verify(minted)
    later_s = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later_s)

    with pytest.raises(BadToken, match="expired"):
        verifier.verify(minted)
