"""Staff who dispatch parcels, and the carrier who reports their delivery."""

import hashlib
import hmac
import json
import time

import httpx

from local import demo_users
from local.shop import RunningShop

CARRIER = "souk-post"


class Warehouse:
    def __init__(self, running: RunningShop) -> None:
        self._http = httpx.Client(base_url=running.urls["api"], timeout=60, trust_env=False)
        token = demo_users.sign_in(running, "sam")
        self._staff_headers = {"Authorization": f"Bearer {token}"}
        client = running.session().client("secretsmanager")
        response = client.get_secret_value(SecretId=running.outputs["CarrierSecret"])
        self._secret: bytes = json.loads(response["SecretString"])["webhook_secret"].encode()

    def deliver(self, order_id: str) -> None:
        """Dispatch a confirmed order and report its delivery."""
        path = f"/staff/shipments/{order_id}/dispatch"
        shipment = self._http.post(path, json={"carrier": CARRIER}, headers=self._staff_headers)
        number = shipment.raise_for_status().json()["tracking_number"]
        body = json.dumps({"tracking_number": number, "event": "delivered"}).encode()
        path = f"/shipments/webhooks/{CARRIER}"
        response = self._http.post(path, content=body, headers=self._signed_headers(body))
        response.raise_for_status()

    def _signed_headers(self, body: bytes) -> dict[str, str]:
        """The signature is described in docs/delivery.md."""
        timestamp = str(int(time.time()))
        signed = f"{timestamp}.".encode() + body
        mac = hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        return {"Carrier-Signature": f"t={timestamp},v1={mac}", "Content-Type": "application/json"}
