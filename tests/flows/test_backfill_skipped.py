"""What a backfill knows that it need not do: units that are skipped, with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import Desk, new_desk
from standins import sites
from standins.fill import day, fill
from standins.server import Reply, Services

from extractors.records import Listing
from flows.sources.base import Window
from flows.sources.feedlist import merge
from flows.steps.backfill_plan import plan_backfill
from flows.steps.backfill_request import BackfillRequest

pytestmark = pytest.mark.slow

FILES = ("2023-08", "2023-09", "2023-10")
MAPS = {"sources": ("sitemaps",), "pages": False}


@pytest.fixture
def site() -> Iterator[Services]:
    with Services() as running:
        yield running


@pytest.fixture
def desk(site: Services, tmp_path: Path) -> Desk:
    listing = Listing("f_paper", f"{site.origin}/feed.xml", publisher="Paper", language="en")
    return new_desk(tmp_path / "data", [listing], allow_hosts=("127.0.0.0/8",))


def mount(site: Services, changed: str | None = None) -> None:
    """A site with a sitemap file a month, named by it; `old.xml` last changed then."""
    files = sites.Files()
    names = [(f"{site.origin}/{name}.xml", None) for name in FILES]
    old = [(f"{site.origin}/old.xml", changed)] if changed else []
    files.add("/sitemap.xml", sites.sitemap_index([*names, *old]))
    for name in (*FILES, "old"):
        page = f"{site.origin}/news/story-of-{name}"
        files.add(f"/{name}.xml", sites.urlset([(page, None)]))
    site.mount("", files)


def skipped(desk: Desk) -> dict[str, tuple[str, str]]:
    """The skipped units by the last part of their address, each with reason and detail."""
    rows = desk.ask("SELECT url, reason, detail FROM backfill_units WHERE state = 'skipped'")
    return {url.rpartition("/")[2]: (reason, detail) for url, reason, detail in rows}


def test_a_file_that_its_name_puts_outside_the_window_is_skipped(
    desk: Desk, site: Services
) -> None:
    mount(site)
    report = fill(desk, day(5), day(25), **MAPS)
    why = ("outside_window", "its name states a time outside the window")
    assert skipped(desk) == {"2023-08.xml": why, "2023-10.xml": why}
    assert [(line.units, line.done, line.skipped) for line in report.sources] == [(5, 3, 2)]
    assert site.count("2023-08.xml") == site.count("2023-10.xml") == 0


def test_a_site_without_a_sitemap_is_skipped_and_nothing_failed(desk: Desk, site: Services) -> None:
    site.mount("", sites.Files())
    report = fill(desk, day(1), day(2), **MAPS)
    assert report.failed == ()
    why = ("not_found", "the site names no sitemap, and none is here")
    assert skipped(desk) == {"sitemap.xml": why}


def test_what_was_skipped_is_settled(desk: Desk, site: Services) -> None:
    mount(site)
    fill(desk, day(5), day(25), **MAPS)
    site.asked.clear()
    request = BackfillRequest(Window(day(5), day(25)), **MAPS)
    plan = plan_backfill(desk.job("backfill"), request)
    assert [(line.units, line.done_days) for line in plan.lines] == [(0, 20)]
    assert plan.done_units == 5
    fill(desk, day(5), day(25), **MAPS)
    assert site.asked == []


@pytest.mark.parametrize("asked", [{"again": True}, {"pages": True}], ids=["again", "deeper"])
def test_what_a_unit_left_out_it_judges_anew_when_it_is_done_again(
    desk: Desk, site: Services, asked: dict[str, bool]
) -> None:
    mount(site, changed="2023-08-20")
    fill(desk, day(5), day(25), **MAPS)
    assert "old.xml" in skipped(desk)
    mount(site, changed="2023-09-20")
    fill(desk, day(5), day(25), **{**MAPS, **asked})
    assert set(skipped(desk)) == {"2023-08.xml", "2023-10.xml"}
    assert site.count("old.xml") == 1
    assert site.count("2023-08.xml") == 0


def unit_states(desk: Desk, feed_id: str) -> set[tuple[str, str | None]]:
    """State and reason of the units that read the pages of a feed."""
    asked = "SELECT DISTINCT state, reason FROM backfill_units WHERE feed_id = "
    return set(desk.ask(f"{asked}'{feed_id}'"))


def test_what_waits_for_a_feed_off_the_list_is_skipped_and_done_once_the_feed_is_back(
    site: Services, tmp_path: Path
) -> None:
    site.fail("/f_", Reply(b"<rss version='2.0'><channel/></rss>", content_type="text/xml"), 50)
    both = [Listing(name, f"{site.origin}/{name}.xml") for name in ("f_kept", "f_left")]
    desk = new_desk(tmp_path / "data", both, allow_hosts=("127.0.0.0/8",))
    paged = {"sources": ("paged",), "pages": False}
    fill(desk, day(1), day(3), clock=lambda: day(2), **paged)  # its last day is not over
    assert unit_states(desk, "f_left") == {("planned", None)}

    desk.settings.feeds.write_text("feeds: []\n", "utf-8")
    merge(desk.settings.feeds, both[:1])
    fill(desk, day(2), day(3), **paged)
    assert unit_states(desk, "f_left") == {("skipped", "unlisted")}
    assert unit_states(desk, "f_kept") == {("planned", None), ("done", None)}

    merge(desk.settings.feeds, both)
    fill(desk, day(1), day(3), **paged)
    assert {state for state, _ in unit_states(desk, "f_left")} == {"done"}
