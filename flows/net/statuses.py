"""What an HTTP status means for us. Pure."""

from __future__ import annotations

from extractors.records import Reason

_BY_STATUS = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.NOT_FOUND,
    410: Reason.GONE,
    429: Reason.THROTTLED,
    503: Reason.THROTTLED,
}


def reason_of_status(
    status: int, *, retry_after: bool = False, burst: bool = False
) -> Reason | None:
    """Map a final HTTP status to the reason why there is no answer; None for 2xx and 304.

    `retry_after` says that the server named a time to come back, `burst` that its host answers
    403 to one request after another: either turns 403 into throttling. A redirect that was not
    followed is REDIRECTS; a number outside HTTP's range is PROTOCOL.
    """
    if status == 304 or 200 <= status < 300:
        return None
    if status == 403 and (retry_after or burst):
        return Reason.THROTTLED
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    ranges = {3: Reason.REDIRECTS, 4: Reason.CLIENT_ERROR, 5: Reason.SERVER_ERROR}
    return ranges.get(status // 100, Reason.PROTOCOL)
