"""Files that a user drops into a folder, and what a run makes of them."""

from __future__ import annotations

import io
from pathlib import Path

from desks import Desk
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from storage.reports import RunReport

TEXT = (
    "The ferry Halcyon ran aground off the northern pier on Tuesday. Nobody was hurt.\n\n"
    "Two tugs pulled it free when the tide came in, and the harbour master said that the “deep "
    "channel” had silted up since spring.\n\nSource: Harbour Ledger\n"
)
BODY = (
    (
        "The town council voted on Monday to repair the old swing bridge before winter, after "
        "engineers found cracks in two of its bearings and closed it to lorries."
    ),
    (
        "Shopkeepers on the eastern quay had asked for the work to wait until the regatta is over, "
        "but the mayor said that the insurance would not cover another season."
    ),
    (
        "Work starts on the first of October and is to take eleven weeks, during which buses will "
        "go round by the upper bridge every twenty minutes."
    ),
)
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Ledger</title><link>https://ledger.example/</link>
<item><guid>g1</guid><title>First story</title><link>https://ledger.example/one</link>
<pubDate>Wed, 13 Sep 2023 04:00:00 GMT</pubDate></item>
<item><guid>g2</guid><title>Second story</title><link>https://ledger.example/two</link></item>
<item><title>No link at all</title><guid isPermaLink="false">g3</guid></item>
</channel></rss>"""


def html(title: str = "Council votes to mend the bridge", canonical: str = "") -> str:
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    paragraphs = "".join(f"<p>{item}</p>" for item in BODY)
    return (
        f"<!doctype html><html lang='en'><head><title>{title}</title>{link}"
        '<meta property="article:published_time" content="2023-09-13T10:00:00Z"></head>'
        f"<body><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )


def warc(*pages: tuple[str, str, str], packed: bool = True) -> bytes:
    """A web archive with (url, date, html) as responses."""
    target = io.BytesIO()
    writer = WARCWriter(target, gzip=packed)
    for url, date, text in pages:
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(text.encode()),
                http_headers=http,
                warc_headers_dict={"WARC-Date": date},
            )
        )
    return target.getvalue()


def drop(desk: Desk, folder: Path, **options: object) -> RunReport:
    return desk.run(seeds=folder, poll=False, pages=False, **options)


def failures(desk: Desk) -> dict[str, str]:
    rows = desk.ask("SELECT item, reason FROM failures WHERE stage = 'entry'")
    return {item.rpartition("/")[2]: reason for item, reason in rows}
