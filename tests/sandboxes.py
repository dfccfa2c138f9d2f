"""Talking to a sandbox's own endpoints, for tests: its rates, its faults, and what it really sent."""

from typing import Any

import requests

from reveil.sandbox import SandboxHandle

NOBODY_REACTS = {
    "bounced_hard": 0.0,
    "bounced_soft": 0.0,
    "opened": 0.0,
    "clicked": 0.0,
    "unsubscribed": 0.0,
    "complained": 0.0,
}


def control(handle: SandboxHandle, method: str, path: str, body: Any = None, **params: Any) -> Any:
    """The `data` of the answer."""
    with requests.Session() as session:
        session.trust_env = False
        response = session.request(
            method, handle.url + path, json=body, params=params, auth=(handle.user, handle.token), timeout=30
        )
        response.raise_for_status()
        return response.json()["data"]


def set_shares(handle: SandboxHandle, **shares: float) -> None:
    """How many of the recipients react so; whatever is not named does not happen."""
    control(handle, "PUT", "/sandbox/rates", {"shares": {**NOBODY_REACTS, **shares}})


def sent(handle: SandboxHandle) -> list[dict[str, Any]]:
    """Every message that was really sent."""
    return list(control(handle, "GET", "/sandbox/sent", per_page="all")["results"])


def unsubscribe_by_one_click(handle: SandboxHandle, address: str) -> None:
    """What a mailbox provider's button does with the newest message to that address (RFC 8058)."""
    message = next(row for row in reversed(sent(handle)) if row["email"] == address)
    campaigns = control(handle, "GET", "/api/campaigns", per_page="all")["results"]
    campaign = next(one["uuid"] for one in campaigns if one["name"] == message["campaign"])
    subscriber = control(handle, "GET", "/api/subscribers", search=address)["results"][0]["uuid"]
    with requests.Session() as session:
        session.trust_env = False
        body = {"List-Unsubscribe": "One-Click"}
        session.post(f"{handle.url}/subscription/{campaign}/{subscriber}", data=body, timeout=30).raise_for_status()
