"""Prefect's API, asked as its own client does: again while the server has its hands full."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

FULL_HANDS = (429, 503)  # 503: another of its transactions holds the SQLite file


def new_run() -> dict[str, Any]:
    """The body that asks for a run of a deployment: asked again, it makes no second one."""
    return {"idempotency_key": uuid.uuid4().hex}


def api_answer(
    url: str,
    body: dict[str, Any] | None = None,
    *,
    login: str | None = None,
    patience_s: float = 90,
    again_on: tuple[int, ...] = FULL_HANDS,
) -> bytes:
    """The raw answer; a body is sent as JSON, a login as `user:password`.

    Whoever has not answered after half a minute is asked again as well.
    """
    asked = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    if login:
        asked.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code not in again_on or time.monotonic() > deadline:
                raise
        except TimeoutError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)
