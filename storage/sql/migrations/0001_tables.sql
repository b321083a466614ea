-- No keys, sequences, ENUM or CHECK, so that a file, Quack and DuckLake all take the same schema.
-- Ids are derived from the data; every landing is a MERGE of a deduplicated batch.

CREATE TABLE feeds (
    feed_id VARCHAR, kind VARCHAR, url VARCHAR, listed_url VARCHAR, title VARCHAR,
    publisher VARCHAR, homepage VARCHAR, country VARCHAR, language VARCHAR,
    seen_in VARCHAR, verified VARCHAR,
    listed BOOLEAN, paused BOOLEAN, fetch_policy VARCHAR, conditional BOOLEAN,
    etag VARCHAR, last_modified VARCHAR, body_hash VARCHAR, validators_off BOOLEAN,
    interval_s BIGINT, min_interval_s BIGINT, max_interval_s BIGINT,
    next_poll_at TIMESTAMPTZ, last_polled_at TIMESTAMPTZ, last_ok_at TIMESTAMPTZ,
    last_new_at TIMESTAMPTZ, last_status BIGINT, last_reason VARCHAR, last_detail VARCHAR,
    failures DOUBLE, redirect_url VARCHAR, redirect_days BIGINT, redirect_seen_at TIMESTAMPTZ,
    gone BOOLEAN, gone_days BIGINT, gone_seen_at TIMESTAMPTZ, hints VARCHAR,
    added_at TIMESTAMPTZ
);

CREATE TABLE polls (
    feed_id VARCHAR, run_id VARCHAR, polled_at TIMESTAMPTZ, url VARCHAR, final_url VARCHAR,
    state VARCHAR, reason VARCHAR, detail VARCHAR, status BIGINT, elapsed_ms BIGINT,
    bytes BIGINT, entries BIGINT, new_entries BIGINT, known_entries BIGINT, dropped BIGINT,
    warning VARCHAR, path VARCHAR, possible_gap BOOLEAN, change VARCHAR, next_poll_at TIMESTAMPTZ,
    warc_file VARCHAR, warc_offset BIGINT, warc_digest VARCHAR
);

CREATE TABLE entries (
    entry_id VARCHAR, feed_id VARCHAR, guid VARCHAR, link VARCHAR, url VARCHAR, page_id VARCHAR,
    article_id VARCHAR, title VARCHAR, summary VARCHAR, content VARCHAR, authors VARCHAR[],
    tags VARCHAR[], image VARCHAR, language VARCHAR,
    published_at TIMESTAMPTZ, published_raw VARCHAR, published_precision VARCHAR,
    modified_at TIMESTAMPTZ, content_hash VARCHAR, changes BIGINT, state VARCHAR, reason VARCHAR,
    source_kind VARCHAR, first_seen_at TIMESTAMPTZ, changed_at TIMESTAMPTZ, run_id VARCHAR
);

CREATE TABLE pages (
    page_id VARCHAR, url VARCHAR, final_url VARCHAR, host VARCHAR, article_id VARCHAR,
    state VARCHAR, reason VARCHAR, detail VARCHAR, article_state VARCHAR, article_reason VARCHAR,
    kind VARCHAR, path VARCHAR, attempts BIGINT, first_attempt_at TIMESTAMPTZ,
    next_at TIMESTAMPTZ, fetched_at TIMESTAMPTZ, status BIGINT, content_type VARCHAR,
    last_modified VARCHAR, body_hash VARCHAR, bytes BIGINT, elapsed_ms BIGINT,
    warc_file VARCHAR, warc_offset BIGINT, warc_digest VARCHAR,
    extractor_version VARCHAR, first_seen_at TIMESTAMPTZ, run_id VARCHAR
);

CREATE TABLE articles (
    article_id VARCHAR, url VARCHAR, canonical_url VARCHAR, title VARCHAR, text VARCHAR,
    authors VARCHAR[], agency VARCHAR, publisher VARCHAR, country VARCHAR, language VARCHAR,
    published_at TIMESTAMPTZ, published_precision VARCHAR, published_reason VARCHAR,
    modified_at TIMESTAMPTZ, first_seen_at TIMESTAMPTZ, source_kind VARCHAR, kind VARCHAR,
    section VARCHAR, tags VARCHAR[], lead VARCHAR, image VARCHAR, paywalled BOOLEAN,
    word_count BIGINT, text_hash VARCHAR, path VARCHAR, page_id VARCHAR, preference VARCHAR,
    row_hash VARCHAR, extractor_version VARCHAR, run_id VARCHAR
);

CREATE TABLE article_versions (
    article_id VARCHAR, version BIGINT, title VARCHAR, text VARCHAR, text_hash VARCHAR,
    modified_at TIMESTAMPTZ, extractor_version VARCHAR, replaced_at TIMESTAMPTZ, run_id VARCHAR
);

CREATE TABLE article_dates (
    article_id VARCHAR, field VARCHAR, origin VARCHAR, raw VARCHAR, instant TIMESTAMPTZ,
    "precision" VARCHAR, zone VARCHAR, chosen BOOLEAN, run_id VARCHAR
);

CREATE TABLE article_candidates (
    article_id VARCHAR, field VARCHAR, origin VARCHAR, value VARCHAR, chosen BOOLEAN,
    run_id VARCHAR
);

CREATE TABLE topics (
    topic_id VARCHAR, topic_version VARCHAR, title VARCHAR, definition VARCHAR,
    loaded_at TIMESTAMPTZ, run_id VARCHAR
);

CREATE TABLE article_topics (
    article_id VARCHAR, topic_id VARCHAR, topic_version VARCHAR, score DOUBLE, verdict VARCHAR,
    rule VARCHAR,
    evidence STRUCT(concept VARCHAR, phrase VARCHAR, field VARCHAR, "start" BIGINT, "end" BIGINT)[],
    text_hash VARCHAR, judged_at TIMESTAMPTZ, notified_at TIMESTAMPTZ, run_id VARCHAR
);

CREATE TABLE article_groups (
    group_id VARCHAR, article_id VARCHAR, similarity DOUBLE, run_id VARCHAR
);

CREATE TABLE article_signatures (
    article_id VARCHAR, text_hash VARCHAR, signature UBIGINT[], run_id VARCHAR
);

CREATE TABLE article_bands (
    band VARCHAR, article_id VARCHAR
);

CREATE TABLE runs (
    run_id VARCHAR, kind VARCHAR, state VARCHAR, trigger VARCHAR, parameters VARCHAR,
    started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, host VARCHAR, pid BIGINT, version VARCHAR,
    flow_run_id VARCHAR, detail VARCHAR
);

CREATE TABLE run_stages (
    run_id VARCHAR, stage VARCHAR, taken BIGINT, landed BIGINT, known BIGINT, duplicate BIGINT,
    skipped BIGINT, rejected BIGINT, failed BIGINT, waiting BIGINT, counted_at TIMESTAMPTZ
);

CREATE TABLE failures (
    run_id VARCHAR, stage VARCHAR, item VARCHAR, reason VARCHAR, detail VARCHAR, attempts BIGINT,
    first_at TIMESTAMPTZ, last_at TIMESTAMPTZ
);

CREATE TABLE backfill_units (
    unit_id VARCHAR, source VARCHAR, feed_id VARCHAR, url VARCHAR, from_at TIMESTAMPTZ,
    to_at TIMESTAMPTZ, depth VARCHAR, state VARCHAR, reason VARCHAR, detail VARCHAR,
    attempts BIGINT, found BIGINT, new BIGINT, on_topic BIGINT, planned_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, run_id VARCHAR
);

CREATE TABLE leases (
    name VARCHAR, holder VARCHAR, host VARCHAR, pid BIGINT, acquired_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ
);

CREATE TABLE tombstones (
    page_id VARCHAR, article_id VARCHAR, url VARCHAR, forgotten_at TIMESTAMPTZ
);
