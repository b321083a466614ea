"""Plain JSON calls to Prefect's API, for what its client library has no short way to ask.

Prefect is imported when it is first called, not before: it reads its settings only once.
"""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient


HASTY_TIMEOUT_S = 10.0


class Api:
    """Prefect's REST API as JSON in, JSON out; any answer but 2xx is an exception of httpx."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self.client = client

    def get(self, path: str) -> Any:
        """Return what is at `path`, below the API's URL."""
        return self._call("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Post `body` and return the answer."""
        return self._call("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Change what is at `path`."""
        self._call("PATCH", path, body)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        request: Any = self.client.request  # it types every path there is; ours are built
        answer = request(method, path) if body is None else request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextlib.contextmanager
def open_api(*, patient: bool = True) -> Iterator[Api]:
    """Connect to the API that PREFECT_API_URL names; call it only once that is set.

    A patient connection lets Prefect's client try again for about a minute when the server does
    not answer; the other kind says so at once.
    """
    from prefect.client.orchestration import get_client
    from prefect.settings import (
        PREFECT_API_REQUEST_TIMEOUT,
        PREFECT_CLIENT_MAX_RETRIES,
        temporary_settings,
    )

    hasty = {PREFECT_CLIENT_MAX_RETRIES: 0, PREFECT_API_REQUEST_TIMEOUT: HASTY_TIMEOUT_S}
    # Settings that change nothing take as long to make as any: longer than a dozen calls.
    changed = contextlib.nullcontext() if patient else temporary_settings(hasty)
    with changed, get_client(sync_client=True) as client:
        yield Api(client)


def healthy(api: str) -> bool:
    """Whether a Prefect API answers there; one that wants credentials first does, too."""
    try:
        # Loopback or what the user configured; no proxy, which the environment might name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{api}/health", timeout=3) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code in {401, 403}
    except (OSError, urllib.error.URLError, ValueError):
        return False
