"""Parts of a shop's responses."""

import httpx


def pounds(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "GBP"}


def problem(status: int, slug: str, *, retry_after: str | None = None) -> httpx.Response:
    """An error response of the shop: problem details (RFC 9457)."""
    headers = {"Content-Type": "application/problem+json"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    return httpx.Response(status, headers=headers, json={"type": f"/problems/{slug}"})
