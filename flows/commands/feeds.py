"""`duckwire feeds …`: the list of feeds, edited and checked."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from extractors.errors import DuckwireError, UsageError
from extractors.feeds import discover_feeds, parse_feed
from extractors.fingerprints import stable_id
from extractors.opml import OpmlError, read_opml, write_opml
from extractors.records import Fetched, Listing, ParsedFeed, Reason
from extractors.text import counted
from flows.clock import utc_now
from flows.commands import show
from flows.commands.options import Data, Json
from flows.net.client import Client
from flows.replay import FeedHistory, replay
from flows.settings import Settings, load_settings
from flows.sources.feedlist import add as add_listing
from flows.sources.feedlist import load, merge, set_paused, set_verified
from flows.sources.feedlist import remove as remove_listing
from flows.warehouses import warehouse_of
from storage.asking import Asker
from storage.history import recorded_feeds

app = typer.Typer(no_args_is_help=True, help="The list of feeds: look, add, check, import, export.")
Which = Annotated[str, typer.Argument(metavar="ID|URL", help="A feed's id or address.")]


@app.command("list")
def list_feeds(as_json: Json = False) -> None:
    """List the feeds that are followed."""
    listings = load(load_settings().feeds)
    rows = [
        (i.feed_id, i.publisher, i.country, i.language, "paused" if i.paused else "", i.url)
        for i in listings
    ]
    names = ("id", "publisher", "country", "language", "state", "url")
    if as_json:
        show.as_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    show.table("", names, rows)


@app.command()
def add(url: Annotated[str, typer.Argument(help="A feed, or a page that names one.")]) -> None:
    """Follow a feed; of a page, the one feed it names."""
    settings = load_settings()
    address, parsed = asyncio.run(_find(settings, url))
    listing = Listing(
        feed_id=stable_id("f", address),
        url=address,
        publisher=parsed.title,
        homepage=parsed.link,
        language=parsed.language,
    )
    add_listing(settings.feeds, listing)
    show.line(f"following {show.clean(parsed.title or address)}: {show.clean(address)}")


@app.command()
def pause(which: Which) -> None:
    """Stop polling a feed without losing what is known of it."""
    set_paused(load_settings().feeds, which, paused=True)
    show.line(f"paused {show.clean(which)}")


@app.command()
def resume(which: Which) -> None:
    """Poll a paused feed again."""
    set_paused(load_settings().feeds, which, paused=False)
    show.line(f"resumed {show.clean(which)}")


@app.command()
def remove(which: Which) -> None:
    """Take a feed off the list; its articles stay."""
    gone = remove_listing(load_settings().feeds, which)
    show.line(f"no longer following {show.clean(gone.publisher or gone.url)}")


@app.command("import")
def import_opml(file: Annotated[Path, typer.Argument(help="An OPML file.")]) -> None:
    """Follow the feeds of an OPML file."""
    try:
        listings = read_opml(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read", remedy=error.strerror or str(error)) from error
    except OpmlError as error:
        raise UsageError(f"{file} is no OPML", remedy=str(error)) from error
    added, there = merge(load_settings().feeds, listings)
    show.line(f"{counted(added, 'feed')} added, {there} followed already")


@app.command("export")
def export_opml(
    file: Annotated[Path | None, typer.Argument(help="Where to; none for the output.")] = None,
) -> None:
    """Write the list as OPML."""
    written = write_opml(load(load_settings().feeds), "Duckwire")
    if file is None:
        typer.echo(written.decode())
        return
    try:
        file.write_bytes(written)
    except OSError as error:
        raise UsageError(f"{file} cannot be written", remedy=error.strerror or "") from error
    show.line(f"written to {file}")


@app.command()
def check(
    which: Annotated[list[str] | None, typer.Argument(metavar="[ID|URL]...")] = None,
    as_json: Json = False,
) -> None:
    """Ask each feed once, say how it answers, and note the date in the list of those that are good.

    Exit status 1 when one of them did not answer with a feed.
    """
    settings = load_settings()
    listings = load(settings.feeds)
    if which:
        listings = [i for i in listings if i.feed_id in which or i.url in which]
        if not listings:
            raise UsageError("no such feed is on the list", remedy="see `duckwire feeds list`")
    results = asyncio.run(_ask_all(settings, listings))
    today = datetime.now(UTC).date().isoformat()
    good = [item.feed_id for item, got, parsed in results if _verdict(got, parsed) == "good"]
    if good:
        set_verified(settings.feeds, good, today)
    rows = [
        (
            item.feed_id,
            _verdict(got, parsed),
            len(parsed.entries) if parsed else 0,
            got.detail or (parsed.detail if parsed else ""),
            item.url,
        )
        for item, got, parsed in results
    ]
    names = ("id", "answer", "entries", "detail", "url")
    if as_json:
        show.as_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        show.table("", names, rows)
        show.line(f"{len(good)} of {len(rows)} are good")
    raise typer.Exit(0 if len(good) == len(rows) else 1)


@app.command()
def simulate(
    data: Data = None,
    days: Annotated[int, typer.Option(help="How many of the last days to replay.")] = 7,
    shortest: Annotated[int | None, typer.Option("--min", help="Shortest interval, s.")] = None,
    longest: Annotated[int | None, typer.Option("--max", help="Longest interval, s.")] = None,
    as_json: Json = False,
) -> None:
    """Replay recorded polling under a policy: requests sent, entries missed, delay to discovery."""
    settings = load_settings(data=data)
    with Asker(warehouse_of(settings)) as asker:
        recorded = recorded_feeds(asker.connection)
    if not recorded:
        raise UsageError("nothing was recorded yet", remedy="let `duckwire up` run for a few days")
    end = max(item.born[-1] for item in recorded)
    start = end - timedelta(days=days)
    low = shortest or settings.min_interval_s
    high = longest or settings.max_interval_s
    if low > high:
        raise UsageError("--min is larger than --max", remedy="swap them")
    tick_s = int(settings.ingest_every.total_seconds())
    histories = [FeedHistory(i.feed_id, i.born, i.listed, i.hints) for i in recorded]
    first = min(max(settings.first_interval_s, low), high)
    play = partial(
        replay, histories, start=start, end=end, tick_s=tick_s, bounds=(low, high, first)
    )
    outcomes = [play(), *(play(fixed_s=every) for every in (900, 3600, 14_400, 86_400))]
    columns = ("policy", "requests", "found", "missed", "mean delay, min")
    rows = [(o.policy, o.requests, o.found, o.missed, _minutes(o.delay_min)) for o in outcomes]
    if as_json:
        show.as_json([asdict(outcome) for outcome in outcomes])
        return
    title = f"{counted(len(recorded), 'feed')}, {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    show.table(title, columns, rows)


async def _find(settings: Settings, url: str) -> tuple[str, ParsedFeed]:
    async with Client(settings.net, clock=utc_now) as door:
        got = await door.fetch(url, accept="feed", robots=False)
        parsed = _read(got)
        if parsed.reason != Reason.NOT_A_FEED:
            return _good(url, parsed)
        found = discover_feeds(got.body, got.final_url)
        if not found:
            raise UsageError(f"{url} is a page that names no feed")
        if len(found) > 1:
            listed = ", ".join(f"{address} ({title})" for address, title in found)
            raise UsageError(
                f"{url} names {len(found)} feeds", remedy=f"add the one you want: {listed}"
            )
        address = found[0][0]
        return _good(address, _read(await door.fetch(address, accept="feed", robots=False)))


def _read(got: Fetched) -> ParsedFeed:
    if got.reason is not None:
        raise DuckwireError(
            f"{got.url} could not be read", where=str(got.reason), remedy=got.detail
        )
    return parse_feed(got.body, got.final_url, content_type=got.header("content-type"))


def _good(address: str, parsed: ParsedFeed) -> tuple[str, ParsedFeed]:
    if parsed.reason is not None:
        raise UsageError(f"{address} is no feed", where=str(parsed.reason), remedy=parsed.detail)
    return address, parsed


async def _ask_all(
    settings: Settings, listings: list[Listing]
) -> list[tuple[Listing, Fetched, ParsedFeed | None]]:
    async with Client(settings.net, clock=utc_now) as door:
        asked = [door.fetch(item.url, accept="feed", robots=False) for item in listings]
        answers = await asyncio.gather(*asked)
    read = [
        None
        if got.reason
        else parse_feed(got.body, got.final_url, content_type=got.header("content-type"))
        for got in answers
    ]
    return list(zip(listings, (replace(got, body=b"") for got in answers), read, strict=True))


def _verdict(got: Fetched, parsed: ParsedFeed | None) -> str:
    reason = got.reason or (parsed.reason if parsed else None)
    return str(reason) if reason else "good"


def _minutes(delay: float | None) -> str:
    return "" if delay is None else f"{delay:.0f}"
