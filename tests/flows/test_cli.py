"""The command from the outside: exit statuses, one-line errors, and what machines read."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from desks import Desk

from flows.cli import COMMANDS

TEXT = (
    "Kim Jong Un and Vladimir Putin met at the Vostochny cosmodrome on Wednesday.\n"
    "The two leaders talked for hours about satellites, officials in Moscow said.\n"
    "Source: Harbour Wire\n"
)


def duckwire(
    *words: str, data: Path | None = None, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    named = {"DUCKWIRE_DATA": str(data)} if data else {}
    return subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", *words],
        env={**os.environ, **named, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "environment", "status", "said"),
    [
        (("run", "--nonsense"), {}, 2, "No such option"),
        (("run", "--direct", "--seeds", "/not/there"), {}, 2, "no folder"),
        (("run", "--direct"), {"DUCKWIRE_BATCH": "many"}, 2, "DUCKWIRE_BATCH"),
        (("run", "--direct"), {"DUCKWIRE_TOPICS": "/not/there"}, 2, "DUCKWIRE_TOPICS"),
        (("run", "--direct"), {"DUCKWIRE_FEEDS": "/not/there.yaml"}, 2, "/not/there.yaml"),
        (("sql", "SELECT 1"), {}, 1, "is not there yet"),
        (("status",), {}, 1, "is not there yet"),
        (("tag", "/not/there.txt"), {}, 2, "/not/there.txt"),
        (("topics", "explain", "x"), {}, 1, "is not there yet"),
        (("forget", "no address"), {}, 2, "no web address"),
        (("extract", "/not/there.html"), {}, 2, "/not/there.html"),
        (("feed", "http://127.0.0.1:9/feed.xml"), {}, 1, "could not be read (address)"),
        (("feed", "/proc/version"), {}, 1, "gives no entries"),
        (("extract", "http://127.0.0.1:9/page"), {}, 1, "could not be read (address)"),
        (("feeds", "add", "http://127.0.0.1:9/"), {}, 1, "could not be read (address)"),
        (("run", "--direct", "--data", "/proc/x"), {}, 1, "/proc/x cannot be used (No such file"),
        (("up", "--data", "/proc/x"), {"DUCKWIRE_HEALTH_PORT": "0"}, 1, "--data or DUCKWIRE_DATA"),
        (("up", "--data", "/proc/x"), {}, 1, "/proc/x cannot be used"),
    ],
)
def test_what_a_user_can_cause_ends_in_one_line_and_the_right_status(
    words: tuple[str, ...], environment: dict[str, str], status: int, said: str, tmp_path: Path
) -> None:
    done = duckwire(*words, data=tmp_path / "data", **environment)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert said in done.stderr


def test_a_second_desk_is_told_of_the_first_and_not_of_its_ports(tmp_path: Path) -> None:
    with (tmp_path / "up.lock").open("a+") as lock, socket.create_server(("127.0.0.1", 0)) as taken:
        fcntl.flock(lock, fcntl.LOCK_EX)
        port = str(taken.getsockname()[1])
        done = duckwire("up", data=tmp_path, DUCKWIRE_HEALTH_PORT=port)
    assert done.returncode == 1
    assert "a desk is already up" in done.stdout + done.stderr


def test_tagging_a_text_gives_evidence_that_cuts_it(article: Path) -> None:
    done = duckwire("tag", str(article), "--topic", "kim-putin-summit", "--json")
    (found,) = json.loads(done.stdout)
    assert (found["verdict"], found["tagged"]) == ("on", True)
    text = TEXT.split("Source:", maxsplit=1)[0].strip()
    bodies = [e for e in found["evidence"] if e["field"] == "text"]
    assert bodies
    assert all(text[e["start"] : e["end"]] == e["phrase"] for e in bodies)


def test_tagging_lines_gives_one_line_for_each_item_and_topic(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    items = [{"id": "one", "text": TEXT}, {"text": "A ferry ran aground off the cape."}]
    path.write_text("\n".join(json.dumps(item) for item in items), "utf-8")
    done = duckwire("tag", str(path))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(line["id"], line["topic"]) for line in lines} == {
        (name, topic) for name in ("one", "2") for topic in ("kim-putin-summit", "g20-delhi-2023")
    }
    keys = {"id", "topic", "score", "verdict", "tagged", "evidence"}
    assert all(set(line) == keys for line in lines)


def test_extracting_a_page_shows_every_field_the_readme_of_machines_promises(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    paragraphs = "".join(
        f"<p>Paragraph {n} tells of the harbour and its wall.</p>" for n in range(9)
    )
    page.write_text(
        "<html lang=en><head><title>The wall holds</title>"
        '<meta property="article:published_time" content="2023-09-13T10:00:00+09:00">'
        f"</head><body><article><h1>The wall holds</h1>{paragraphs}</article></body></html>"
    )
    done = duckwire("extract", str(page), "--url", "https://paper.example/wall", "--json")
    found = json.loads(done.stdout)
    assert found["title"] == "The wall holds"
    assert found["published_at"] == "2023-09-13T01:00:00Z"
    assert (found["state"], found["reason"], found["language"]) == ("landed", None, "en")
    assert {"url", "canonical_url", "text", "authors", "publisher", "published_precision"} <= set(
        found
    )
    assert {"published_reason", "modified_at", "kind", "path", "candidates"} <= set(found)


def test_extracting_a_text_reads_it_as_a_folder_of_seeds_does(article: Path) -> None:
    found = json.loads(duckwire("extract", str(article), "--json").stdout)
    assert found["publisher"] == "Harbour Wire"
    assert found["text"] == TEXT.split("\nSource:", maxsplit=1)[0]
    assert (found["title"], found["state"]) == (TEXT.split("\n", maxsplit=1)[0], "landed")
    assert (found["published_at"], found["language"]) == (None, "en")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [("empty.txt", b" ", "empty"), ("image.html", b"\x89PNG\r\n\x1a\n\0\0", "binary")],
)
def test_extracting_what_nobody_can_read_says_why_and_ends_with_one(
    name: str, data: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    done = duckwire("extract", str(tmp_path / name))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert f"({reason}: " in done.stderr
    done = duckwire("extract", str(tmp_path / name), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["state"], found["reason"]) == (1, "failed", reason)


def test_reading_a_feed_gives_its_entries(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(
        "<rss version='2.0'><channel><title>T</title><item><title>One\x1b[31m</title>"
        "<link>https://paper.example/1</link><guid>g1</guid></item></channel></rss>"
    )
    (entry,) = json.loads(duckwire("feed", str(path), "--json").stdout)
    assert set(entry) == {"guid", "link", "title", "published_at", "summary", "authors"}
    assert (entry["guid"], entry["link"]) == ("g1", "https://paper.example/1")
    assert "\x1b" not in duckwire("feed", str(path)).stdout


def test_a_run_of_files_speaks_to_people_and_to_machines(article: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    plain = duckwire("run", "--direct", "--seeds", str(article.parent), data=data)
    assert plain.returncode == 0, plain.stderr
    assert "articles landed\t1" in plain.stdout
    again = duckwire("run", "--direct", "--json", "--seeds", str(article.parent), data=data)
    assert json.loads(again.stdout)["stages"]["article"]["known"] == 1
    rows = json.loads(duckwire("sql", "--json", "SELECT publisher FROM articles", data=data).stdout)
    assert rows == [{"publisher": "Harbour Wire"}]
    assert json.loads(duckwire("status", "--json", data=data).stdout)["articles"] == 1


def test_the_prompt_answers_what_is_right_and_goes_on_after_what_is_wrong(landed: Desk) -> None:
    done = duckwire("sql", data=landed.settings.data, stdin="SELECT 41;\nSELECT nope;\nSELECT 43")
    assert done.returncode == 0
    assert "41" in done.stdout
    assert "43" in done.stdout
    assert "nope" in done.stderr


def test_a_wrong_question_has_exit_status_one(landed: Desk) -> None:
    done = duckwire("sql", "SELECT nope", data=landed.settings.data)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_its_own_help_begins_with(name: str) -> None:
    command = COMMANDS[name].command(name)
    assert command.name == name
    assert " ".join(command.help.split("\n\n")[0].split()) == COMMANDS[name].told


_ENDING = """
import atexit, sys, threading, time
from flows.cli import main

class Held:
    def __del__(self):
        print("freed")

def late():
    time.sleep(0.2)
    print("thread")

held = Held()
atexit.register(print, "called")
threading.Thread(target=late).start()
main()
"""


def test_at_its_end_a_command_does_what_is_left_and_frees_nothing_one_by_one() -> None:
    line = [sys.executable, "-c", _ENDING, "run", "--nonsense"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (2, ["thread", "called"])


def test_a_command_whose_output_goes_nowhere_ends_without_a_word() -> None:
    program = 'exec "$0" -c "from flows.cli import main; main()" --help >&-'
    line = ["sh", "-c", program, sys.executable]
    done = subprocess.run(line, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


_IMPORTED = """
import sys
from flows.cli import main
names = sys.argv.pop(1).split(",")
try:
    main()
finally:
    print([name for name in names if name in sys.modules])
"""


def imported(names: str, *words: str) -> tuple[str, str]:
    """What the command prints, and which of these modules it has imported by its end."""
    line = [sys.executable, "-c", _IMPORTED, names, *words]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    *said, found = done.stdout.splitlines()
    return "\n".join(said), found


def test_the_list_of_commands_imports_none_of_what_they_need() -> None:
    said, found = imported("duckdb,pyarrow,trafilatura,httpx,prefect", "--help")
    assert "backfill" in said
    assert found == "[]"


def test_a_question_imports_nothing_that_reads_pages_or_asks_the_network(desk: Desk) -> None:
    desk.run()
    words = ["sql", "SELECT 41 + 1 AS n", "--data", str(desk.settings.data)]
    said, found = imported("trafilatura,httpx,prefect", *words)
    assert "42" in said
    assert found == "[]"


def test_a_run_imports_nothing_that_its_readers_import_to_read_pages_and_feeds(
    article: Path, tmp_path: Path
) -> None:
    words = ["run", "--direct", "--seeds", str(article.parent), "--data", str(tmp_path / "data")]
    said, found = imported("trafilatura,htmldate,feedparser,tldextract,requests,prefect", *words)
    assert "articles landed\t1" in said
    assert found == "[]"


def test_a_reader_imports_what_judges_and_no_database_network_or_prefect() -> None:
    line = "import sys, flows.steps.reader; print([n for n in sys.argv[1:] if n in sys.modules])"
    asked = ["trafilatura", "extractors.topic_judge", "duckdb", "pyarrow", "httpx", "prefect"]
    done = subprocess.run(
        [sys.executable, "-c", line, *asked], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("'")[1::2] == asked[:2]
