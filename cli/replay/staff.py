"""A signed-in member of staff: sends requests with an access token and renews it on expiry."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx

from cli.replay.client import ApiRequest, Client


@dataclass
class StaffClient:
    """Sends requests of staff. When the shop rejects the token, it gets a new one and retries."""

    client: Client
    fetch_token: Callable[[], str]
    token: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, request: ApiRequest) -> httpx.Response:
        """The shop's response, success or error. Raises OutcomeUnknown."""
        token = self.token
        if not token:
            token = await self._renew(token)
        response = await self._send_with(token, request)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            response = await self._send_with(await self._renew(token), request)
        return response

    async def _send_with(self, token: str, request: ApiRequest) -> httpx.Response:
        headers = {**request.headers, "Authorization": f"Bearer {token}"}
        return await self.client.send(replace(request, headers=headers))

    async def _renew(self, expired: str) -> str:
        """A token other than `expired`. Of many concurrent calls, only the first fetches one."""
        async with self.lock:
            if self.token == expired:
                self.token = await asyncio.to_thread(self.fetch_token)
            return self.token
