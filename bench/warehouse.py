"""Staff who send parcels, and the carrier who hands them over."""

import hashlib
import hmac
import json
import time

import httpx

from local import people
from local.shop import Running

CARRIER = "souk-post"


class Warehouse:
    def __init__(self, running: Running) -> None:
        self._http = httpx.Client(base_url=running.urls["api"], timeout=60, trust_env=False)
        self._staff = {"Authorization": f"Bearer {people.token(running, 'sam')}"}
        secrets = running.session().client("secretsmanager")
        kept = secrets.get_secret_value(SecretId=running.outputs["CarrierSecret"])
        self._secret: bytes = json.loads(kept["SecretString"])["notice_secret"].encode()

    def bring(self, order_id: str) -> None:
        """Send the parcel of a confirmed order, and say that it has arrived."""
        path = f"/staff/shipments/{order_id}/dispatch"
        sent = self._http.post(path, json={"carrier": CARRIER}, headers=self._staff)
        number = sent.raise_for_status().json()["tracking_number"]
        body = json.dumps({"tracking_number": number, "event": "delivered"}).encode()
        path = f"/carriers/{CARRIER}/notices"
        told = self._http.post(path, content=body, headers=self._signed(body))
        told.raise_for_status()

    def _signed(self, body: bytes) -> dict[str, str]:
        """As docs/delivery.md says."""
        moment = str(int(time.time()))
        mac = hmac.new(self._secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Carrier-Signature": f"t={moment},v1={mac}", "Content-Type": "application/json"}
