-- A database of schema 12; see make.py beside this file.

CREATE TABLE article_candidates(article_id VARCHAR, field VARCHAR, origin VARCHAR, "value" VARCHAR, chosen BOOLEAN, run_id VARCHAR);
INSERT INTO article_candidates SELECT 'article_id-' || i, 'field-' || i, 'origin-' || i, 'value-' || i, i % 2 = 0, 'run_id-' || i FROM range(3) t(i);

CREATE TABLE article_dates(article_id VARCHAR, field VARCHAR, origin VARCHAR, raw VARCHAR, instant TIMESTAMP WITH TIME ZONE, "precision" VARCHAR, "zone" VARCHAR, chosen BOOLEAN, run_id VARCHAR);
INSERT INTO article_dates SELECT 'article_id-' || i, 'field-' || i, 'origin-' || i, 'raw-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'precision-' || i, 'zone-' || i, i % 2 = 0, 'run_id-' || i FROM range(3) t(i);

CREATE TABLE article_groups(group_id VARCHAR, article_id VARCHAR, similarity DOUBLE, run_id VARCHAR);
INSERT INTO article_groups SELECT 'group_id-' || i, 'article_id-' || i, 0.5, 'run_id-' || i FROM range(3) t(i);

CREATE TABLE article_signatures(article_id VARCHAR, text_hash VARCHAR, signature BLOB, run_id VARCHAR, bands BIGINT[], lines BIGINT[], left_out BIGINT[], settled BOOLEAN, shown_clock BIGINT, clock_month VARCHAR, clock BIGINT);
INSERT INTO article_signatures SELECT 'article_id-' || i, 'text_hash-' || i, from_hex(repeat('0123abcd', 128)), 'run_id-' || i, range(21), range(21), range(21), i % 2 = 0, 0, 'clock_month-' || i, 0 FROM range(3) t(i);

CREATE TABLE article_topics(article_id VARCHAR, topic_id VARCHAR, topic_version VARCHAR, score DOUBLE, verdict VARCHAR, "rule" VARCHAR, evidence STRUCT(concept VARCHAR, phrase VARCHAR, field VARCHAR, "start" BIGINT, "end" BIGINT)[], text_hash VARCHAR, judged_at TIMESTAMP WITH TIME ZONE, notified_at TIMESTAMP WITH TIME ZONE, run_id VARCHAR);
INSERT INTO article_topics SELECT 'article_id-' || i, 'topic_id-' || i, 'topic_version-' || i, 0.5, 'verdict-' || i, 'rule-' || i, [{concept: 'c', phrase: 'p', field: 'text', start: 0, "end": 1}]::STRUCT(concept VARCHAR, phrase VARCHAR, field VARCHAR, "start" BIGINT, "end" BIGINT)[], 'text_hash-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'run_id-' || i FROM range(3) t(i);

CREATE TABLE article_versions(article_id VARCHAR, "version" BIGINT, title VARCHAR, "text" VARCHAR, text_hash VARCHAR, modified_at TIMESTAMP WITH TIME ZONE, extractor_version VARCHAR, replaced_at TIMESTAMP WITH TIME ZONE, run_id VARCHAR);
INSERT INTO article_versions SELECT 'article_id-' || i, 0, 'title-' || i, 'text-' || i, 'text_hash-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'extractor_version-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'run_id-' || i FROM range(3) t(i);

CREATE TABLE articles(article_id VARCHAR, url VARCHAR, canonical_url VARCHAR, title VARCHAR, "text" VARCHAR, authors VARCHAR[], agency VARCHAR, publisher VARCHAR, country VARCHAR, "language" VARCHAR, published_at TIMESTAMP WITH TIME ZONE, published_precision VARCHAR, published_reason VARCHAR, modified_at TIMESTAMP WITH TIME ZONE, first_seen_at TIMESTAMP WITH TIME ZONE, source_kind VARCHAR, kind VARCHAR, section VARCHAR, tags VARCHAR[], lead VARCHAR, image VARCHAR, paywalled BOOLEAN, word_count BIGINT, text_hash VARCHAR, path VARCHAR, page_id VARCHAR, preference VARCHAR, row_hash VARCHAR, extractor_version VARCHAR, run_id VARCHAR);
INSERT INTO articles SELECT 'article_id-' || i, 'url-' || i, 'canonical_url-' || i, 'title-' || i, 'text-' || i, ['authors', 'Имя'], 'agency-' || i, 'publisher-' || i, 'country-' || i, 'language-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'published_precision-' || i, 'published_reason-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'source_kind-' || i, 'kind-' || i, 'section-' || i, ['tags', 'Имя'], 'lead-' || i, 'image-' || i, i % 2 = 0, 0, 'text_hash-' || i, 'path-' || i, 'page_id-' || i, 'preference-' || i, 'row_hash-' || i, 'extractor_version-' || i, 'run_id-' || i FROM range(3) t(i);

CREATE TABLE articles_to_group(article_id VARCHAR, replaced BOOLEAN, run_id VARCHAR);
INSERT INTO articles_to_group SELECT 'article_id-' || i, i % 2 = 0, 'run_id-' || i FROM range(3) t(i);

CREATE TABLE backfill_units(unit_id VARCHAR, "source" VARCHAR, feed_id VARCHAR, url VARCHAR, from_at TIMESTAMP WITH TIME ZONE, to_at TIMESTAMP WITH TIME ZONE, depth VARCHAR, state VARCHAR, reason VARCHAR, detail VARCHAR, attempts BIGINT, found BIGINT, "new" BIGINT, on_topic BIGINT, planned_at TIMESTAMP WITH TIME ZONE, started_at TIMESTAMP WITH TIME ZONE, ended_at TIMESTAMP WITH TIME ZONE, run_id VARCHAR, spec VARCHAR, "family" VARCHAR, parent_id VARCHAR, outside BIGINT, passed BIGINT, expires_at TIMESTAMP WITH TIME ZONE);
INSERT INTO backfill_units SELECT 'unit_id-' || i, 'source-' || i, 'feed_id-' || i, 'url-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'depth-' || i, 'landed', 'reason-' || i, 'detail-' || i, 0, 0, 0, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'run_id-' || i, 'spec-' || i, 'family-' || i, 'parent_id-' || i, 0, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT) FROM range(3) t(i);

CREATE TABLE backfill_windows(feed_id VARCHAR, from_at TIMESTAMP WITH TIME ZONE, to_at TIMESTAMP WITH TIME ZONE);
INSERT INTO backfill_windows SELECT 'feed_id-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT) FROM range(3) t(i);

CREATE TABLE entries(entry_id VARCHAR, feed_id VARCHAR, guid VARCHAR, link VARCHAR, url VARCHAR, page_id VARCHAR, article_id VARCHAR, title VARCHAR, summary VARCHAR, "content" VARCHAR, authors VARCHAR[], tags VARCHAR[], image VARCHAR, "language" VARCHAR, published_at TIMESTAMP WITH TIME ZONE, published_raw VARCHAR, published_precision VARCHAR, modified_at TIMESTAMP WITH TIME ZONE, content_hash VARCHAR, changes BIGINT, state VARCHAR, reason VARCHAR, source_kind VARCHAR, first_seen_at TIMESTAMP WITH TIME ZONE, changed_at TIMESTAMP WITH TIME ZONE, run_id VARCHAR);
INSERT INTO entries SELECT 'entry_id-' || i, 'feed_id-' || i, 'guid-' || i, 'link-' || i, 'url-' || i, 'page_id-' || i, 'article_id-' || i, 'title-' || i, 'summary-' || i, 'content-' || i, ['authors', 'Имя'], ['tags', 'Имя'], 'image-' || i, 'language-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'published_raw-' || i, 'published_precision-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'content_hash-' || i, 0, 'landed', 'reason-' || i, 'source_kind-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'run_id-' || i FROM range(3) t(i);

CREATE TABLE failures(run_id VARCHAR, stage VARCHAR, item VARCHAR, reason VARCHAR, detail VARCHAR, attempts BIGINT, first_at TIMESTAMP WITH TIME ZONE, last_at TIMESTAMP WITH TIME ZONE);
INSERT INTO failures SELECT 'run_id-' || i, 'stage-' || i, 'item-' || i, 'reason-' || i, 'detail-' || i, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT) FROM range(3) t(i);

CREATE TABLE feeds(feed_id VARCHAR, kind VARCHAR, url VARCHAR, listed_url VARCHAR, title VARCHAR, publisher VARCHAR, homepage VARCHAR, country VARCHAR, "language" VARCHAR, seen_in VARCHAR, verified VARCHAR, listed BOOLEAN, paused BOOLEAN, fetch_policy VARCHAR, conditional BOOLEAN, etag VARCHAR, last_modified VARCHAR, body_hash VARCHAR, validators_off BOOLEAN, interval_s BIGINT, min_interval_s BIGINT, max_interval_s BIGINT, next_poll_at TIMESTAMP WITH TIME ZONE, last_polled_at TIMESTAMP WITH TIME ZONE, last_ok_at TIMESTAMP WITH TIME ZONE, last_new_at TIMESTAMP WITH TIME ZONE, last_status BIGINT, last_reason VARCHAR, last_detail VARCHAR, failures DOUBLE, redirect_url VARCHAR, redirect_days BIGINT, redirect_seen_at TIMESTAMP WITH TIME ZONE, gone BOOLEAN, gone_days BIGINT, gone_seen_at TIMESTAMP WITH TIME ZONE, hints VARCHAR, added_at TIMESTAMP WITH TIME ZONE, shown VARCHAR[]);
INSERT INTO feeds SELECT 'feed_id-' || i, 'kind-' || i, 'url-' || i, 'listed_url-' || i, 'title-' || i, 'publisher-' || i, 'homepage-' || i, 'country-' || i, 'language-' || i, 'seen_in-' || i, 'verified-' || i, i % 2 = 0, i % 2 = 0, 'fetch_policy-' || i, i % 2 = 0, 'etag-' || i, 'last_modified-' || i, 'body_hash-' || i, i % 2 = 0, 3600, 0, 0, TIMESTAMPTZ '2026-11-24 00:00:00+00', TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 0, 'last_reason-' || i, 'last_detail-' || i, 0.5, 'redirect_url-' || i, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), i % 2 = 0, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'hints-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), ['shown', 'Имя'] FROM range(3) t(i);

CREATE TABLE host_clocks(host VARCHAR, "month" VARCHAR, "minutes" BIGINT, stories BIGINT, of_stories BIGINT, run_id VARCHAR);
INSERT INTO host_clocks SELECT 'host-' || i, 'month-' || i, 0, 0, 0, 'run_id-' || i FROM range(3) t(i);

CREATE TABLE host_lines(host VARCHAR, "month" VARCHAR, line BIGINT, "text" VARCHAR, stories BIGINT, of_stories BIGINT, run_id VARCHAR);
INSERT INTO host_lines SELECT 'host-' || i, 'month-' || i, 0, 'text-' || i, 0, 0, 'run_id-' || i FROM range(3) t(i);

CREATE TABLE leases("name" VARCHAR, holder VARCHAR, host VARCHAR, pid BIGINT, acquired_at TIMESTAMP WITH TIME ZONE, expires_at TIMESTAMP WITH TIME ZONE);
INSERT INTO leases SELECT 'name-' || i, 'holder-' || i, 'host-' || i, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT) FROM range(3) t(i);

CREATE TABLE pages(page_id VARCHAR, url VARCHAR, final_url VARCHAR, host VARCHAR, article_id VARCHAR, state VARCHAR, reason VARCHAR, detail VARCHAR, article_state VARCHAR, article_reason VARCHAR, kind VARCHAR, path VARCHAR, attempts BIGINT, first_attempt_at TIMESTAMP WITH TIME ZONE, next_at TIMESTAMP WITH TIME ZONE, fetched_at TIMESTAMP WITH TIME ZONE, status BIGINT, content_type VARCHAR, last_modified VARCHAR, body_hash VARCHAR, bytes BIGINT, elapsed_ms BIGINT, warc_file VARCHAR, warc_offset BIGINT, warc_digest VARCHAR, extractor_version VARCHAR, first_seen_at TIMESTAMP WITH TIME ZONE, run_id VARCHAR, published_at TIMESTAMP WITH TIME ZONE, fetch_url VARCHAR, unit_id VARCHAR, backlog BOOLEAN);
INSERT INTO pages SELECT 'page_id-' || i, 'url-' || i, 'final_url-' || i, 'host-' || i, 'article_id-' || i, 'landed', 'reason-' || i, 'detail-' || i, 'article_state-' || i, 'article_reason-' || i, 'kind-' || i, 'path-' || i, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 0, 'content_type-' || i, 'last_modified-' || i, 'body_hash-' || i, 0, 0, 'warc_file-' || i, 0, 'warc_digest-' || i, 'extractor_version-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'run_id-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'fetch_url-' || i, 'unit_id-' || i, i % 2 = 0 FROM range(3) t(i);

CREATE TABLE polls(feed_id VARCHAR, run_id VARCHAR, polled_at TIMESTAMP WITH TIME ZONE, url VARCHAR, final_url VARCHAR, state VARCHAR, reason VARCHAR, detail VARCHAR, status BIGINT, elapsed_ms BIGINT, bytes BIGINT, entries BIGINT, new_entries BIGINT, known_entries BIGINT, dropped BIGINT, warning VARCHAR, path VARCHAR, possible_gap BOOLEAN, change VARCHAR, next_poll_at TIMESTAMP WITH TIME ZONE, warc_file VARCHAR, warc_offset BIGINT, warc_digest VARCHAR);
INSERT INTO polls SELECT 'feed_id-' || i, 'run_id-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'url-' || i, 'final_url-' || i, 'landed', 'reason-' || i, 'detail-' || i, 0, 0, 0, 0, 0, 0, 0, 'warning-' || i, 'path-' || i, i % 2 = 0, 'change-' || i, TIMESTAMPTZ '2026-11-24 00:00:00+00', 'warc_file-' || i, 0, 'warc_digest-' || i FROM range(3) t(i);

CREATE TABLE run_stages(run_id VARCHAR, stage VARCHAR, taken BIGINT, landed BIGINT, known BIGINT, duplicate BIGINT, skipped BIGINT, rejected BIGINT, failed BIGINT, waiting BIGINT, counted_at TIMESTAMP WITH TIME ZONE);
INSERT INTO run_stages SELECT 'run_id-' || i, 'stage-' || i, 1, 1, 0, 0, 0, 0, 0, 0, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT) FROM range(3) t(i);

CREATE TABLE runs(run_id VARCHAR, kind VARCHAR, state VARCHAR, "trigger" VARCHAR, parameters VARCHAR, started_at TIMESTAMP WITH TIME ZONE, ended_at TIMESTAMP WITH TIME ZONE, host VARCHAR, pid BIGINT, "version" VARCHAR, flow_run_id VARCHAR, detail VARCHAR);
INSERT INTO runs SELECT 'run_id-' || i, 'kind-' || i, 'landed', 'trigger-' || i, 'parameters-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'host-' || i, 0, 'version-' || i, 'flow_run_id-' || i, 'detail-' || i FROM range(3) t(i);

CREATE TABLE tombstones(page_id VARCHAR, article_id VARCHAR, url VARCHAR, forgotten_at TIMESTAMP WITH TIME ZONE);
INSERT INTO tombstones SELECT 'gone-page_id-' || i, 'gone-article_id-' || i, 'gone-url-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT) FROM range(3) t(i);

CREATE TABLE topics(topic_id VARCHAR, topic_version VARCHAR, title VARCHAR, definition VARCHAR, loaded_at TIMESTAMP WITH TIME ZONE, run_id VARCHAR);
INSERT INTO topics SELECT 'topic_id-' || i, 'topic_version-' || i, 'title-' || i, 'definition-' || i, TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT), 'run_id-' || i FROM range(3) t(i);

CREATE TABLE schema_migrations (number BIGINT, name VARCHAR, checksum VARCHAR, applied_at TIMESTAMPTZ);

INSERT INTO schema_migrations VALUES (1, '0001_tables', '3121fa3346d7a0a58f2dade91d6a52cb', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (5, '0005_bands', '7dc01c2a3ad7d8cba22851dc056356cf', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (6, '0006_backfill', 'ab39c279ca8b0bd97a4eaa3fc6c8886b', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (7, '0007_signatures', '1bfa02f6381c1ab766408258e18967ed', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (8, '0008_left_articles', 'a1f6a7c335d9c036e30a36d18e8c61f1', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (9, '0009_host_lines', '3329a70b4d78338f3924193cd341110b', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (10, '0010_grouped_later', '0b752e5b79d81b120e00f893b990e243', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (11, '0011_shown', '3d99640418f8b7bfa1b483cd50bea1af', '2026-11-23 00:00:00+00:00');

INSERT INTO schema_migrations VALUES (12, '0012_host_clocks', '19a27c26d18a6b7462a4b928948fefe6', '2026-11-23 00:00:00+00:00');
