"""Someone of the staff, signed in: asks the shop with a token, and fetches a new one in time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx

from cli.replay.client import Ask, Client


@dataclass
class SignedIn:
    """Sends what staff ask; fetches a new token when the shop no longer takes the old one."""

    client: Client
    fetch_token: Callable[[], str]
    token: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, ask: Ask) -> httpx.Response:
        """The shop's answer, good or bad; Lost when there is none."""
        used = self.token
        if not used:
            used = await self._renew(used)
        answer = await self._ask_as(used, ask)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = await self._ask_as(await self._renew(used), ask)
        return answer

    async def _ask_as(self, token: str, ask: Ask) -> httpx.Response:
        headers = {**ask.headers, "Authorization": f"Bearer {token}"}
        return await self.client.ask(replace(ask, headers=headers))

    async def _renew(self, used: str) -> str:
        """A token other than the used one; of many who ask at once, only the first fetches."""
        async with self.lock:
            if self.token == used:
                self.token = await asyncio.to_thread(self.fetch_token)
            return self.token
