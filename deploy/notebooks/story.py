"""The story in five plots, out of the published copy: a marimo notebook.

    marimo edit deploy/notebooks/story.py            # in the browser
    python deploy/notebooks/story.py --out plots     # as a script: writes five Vega-Lite files

The data directory is DUCKWIRE_DATA (`data` when unset), or `--data DIR`; `duckwire demo` fills one
in half a minute. The topic is `--topic`, by default the summit that ships.
"""

import marimo

app = marimo.App(width="medium", app_title="Duckwire: the story in five plots")


@app.cell
def _():
    from pathlib import Path

    import altair as alt
    import marimo as mo

    from storage import connect

    return Path, alt, connect, mo


@app.cell
def _(connect, mo):
    given = mo.cli_args()
    topic = given.get("topic") or "kim-putin-summit"
    news = connect(given.get("data"))

    def ask(query):
        """Ask about the topic (`$topic` in the query); gives a polars frame."""
        return news.execute(query, {"topic": topic}).pl()

    return ask, given, topic


@app.cell
def _(ask, mo, topic):
    (totals,) = ask(
        """
        SELECT count(*) AS articles, count(DISTINCT publisher) AS publishers,
               count(DISTINCT language) AS languages
        FROM topic_articles WHERE topic_id = $topic AND verdict = 'on'
        """
    ).to_dicts()
    mo.md(
        f"""
        # {topic}

        {totals["articles"]} articles by {totals["publishers"]} publishers in
        {totals["languages"]} languages. Days and times are UTC.
        """
    )


@app.cell
def _(alt, ask):
    _days = ask(
        """
        SELECT day::TIMESTAMP AT TIME ZONE 'UTC' AS day,  -- a bare date would be the browser's day
               coalesce(language, 'unknown') AS language, articles
        FROM topic_timeline WHERE topic_id = $topic AND articles > 0 ORDER BY ALL
        """
    )
    timeline = (
        alt.Chart(_days, title="When, and in which language")
        .mark_bar(size=18)
        .encode(
            x=alt.X(
                "day:T",
                title="UTC day of publication",
                scale=alt.Scale(type="utc", padding=16),
                axis=alt.Axis(format="%-d %b", tickCount="day"),
            ),
            y=alt.Y("articles:Q", title="articles", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("language:N", scale=alt.Scale(scheme="tableau20")),
            tooltip=["day:T", "language:N", "articles:Q"],
        )
        .properties(width=620, height=260)
    )
    timeline  # noqa: B018  (marimo shows a cell's last expression)
    return (timeline,)


@app.cell
def _(alt, ask):
    _countries = ask(
        """
        SELECT coalesce(country, 'unknown') AS country,
               coalesce(publisher, 'unknown') AS publisher, articles
        FROM coverage WHERE topic_id = $topic AND articles > 0 ORDER BY ALL
        """
    )
    coverage = (
        alt.Chart(_countries, title="Whose press wrote about it, by the publisher's country")
        .mark_bar(stroke="white")
        .encode(
            x=alt.X("sum(articles):Q", title="articles", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("country:N", sort="-x", title=None),
            color=alt.Color("publisher:N", scale=alt.Scale(scheme="tableau20")),
            tooltip=["country:N", "publisher:N", "articles:Q"],
        )
        .properties(width=620, height=alt.Step(20))
    )
    coverage  # noqa: B018  (marimo shows a cell's last expression)
    return (coverage,)


@app.cell
def _(alt, ask):
    _first = ask(
        """
        SELECT place, publisher, coalesce(country, '?') AS country, first_at, title,
               epoch(behind_first) / 3600 AS hours_behind
        FROM first_reports WHERE topic_id = $topic ORDER BY place LIMIT 30
        """
    )
    _base = alt.Chart(_first, title="Who had it first").encode(
        x=alt.X(
            "first_at:T",
            title="first report (UTC)",
            scale=alt.Scale(type="utc", padding=16),
            axis=alt.Axis(format="%-d %b", tickCount="day"),
        ),
        y=alt.Y("publisher:N", sort=alt.SortField("place"), title=None),
        tooltip=["place:Q", "publisher:N", "first_at:T", "hours_behind:Q", "title:N"],
    )
    _names = _base.mark_text(align="left", dx=8).encode(text="country:N")
    first_reports = (_base.mark_circle(size=90) + _names).properties(width=620, height=alt.Step(20))
    first_reports  # noqa: B018  (marimo shows a cell's last expression)
    return (first_reports,)


@app.cell
def _(alt, ask):
    _copies = ask(
        """
        SELECT s.title AS story, c.publisher, c.place, epoch(c.behind_first) / 3600 AS hours
        FROM first_copies c JOIN syndicated s USING (group_id)
        WHERE s.title IS NOT NULL AND c.group_id IN (
            SELECT g.group_id FROM article_groups g JOIN topic_articles t USING (article_id)
            WHERE t.topic_id = $topic AND t.verdict = 'on')
        ORDER BY s.first_at, c.place LIMIT 200
        """
    )
    _run = alt.Chart(_copies, title="What was printed more than once, and how much later").encode(
        x=alt.X("hours:Q", title="hours after the first copy"),
        y=alt.Y("story:N", title=None, sort=None, axis=alt.Axis(labelLimit=320)),
    )
    syndication = (
        _run.mark_line(color="lightgrey").encode(detail="story:N")
        + _run.mark_circle(size=110).encode(
            color=alt.Color("publisher:N"), tooltip=["story:N", "publisher:N", "hours:Q"]
        )
    ).properties(width=420, height=alt.Step(44))
    syndication  # noqa: B018  (marimo shows a cell's last expression)
    return (syndication,)


@app.cell
def _(alt, ask):
    _concepts = ask(
        """
        SELECT concept, coalesce(a.language, 'unknown') AS language,
               count(DISTINCT article_id) AS articles
        FROM topic_evidence e JOIN news a USING (article_id)
        WHERE e.topic_id = $topic AND e.verdict = 'on'
        GROUP BY ALL ORDER BY ALL
        """
    )
    evidence = (
        alt.Chart(_concepts, title="Which concepts carry the tag, by language")
        .mark_rect()
        .encode(
            x=alt.X("language:N", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "concept:N",
                title=None,
                sort=alt.EncodingSortField("articles", op="sum", order="descending"),
            ),
            color=alt.Color("articles:Q", scale=alt.Scale(scheme="blues"), title="articles"),
            tooltip=["concept:N", "language:N", "articles:Q"],
        )
        .properties(width=420, height=alt.Step(16))
    )
    evidence  # noqa: B018  (marimo shows a cell's last expression)
    return (evidence,)


@app.cell
def _(Path, coverage, evidence, first_reports, given, syndication, timeline):
    _plots = {
        "1-timeline": timeline,
        "2-coverage": coverage,
        "3-first-reports": first_reports,
        "4-syndication": syndication,
        "5-evidence": evidence,
    }
    if given.get("out"):
        _folder = Path(given["out"])
        _folder.mkdir(parents=True, exist_ok=True)
        for _name, _plot in _plots.items():
            _plot.save(_folder / f"{_name}.json")


if __name__ == "__main__":
    app.run()
