"""Pieces of a shop's answers."""

import httpx


def pounds(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "GBP"}


def problem(status: int, slug: str, *, wait: str | None = None) -> httpx.Response:
    """A refusal of the shop, as RFC 9457 has it."""
    headers = {"Content-Type": "application/problem+json"}
    if wait is not None:
        headers["Retry-After"] = wait
    return httpx.Response(status, headers=headers, json={"type": f"/problems/{slug}"})
