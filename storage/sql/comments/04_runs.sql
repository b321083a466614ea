-- What the program did, how each item ended, and what is still to do.

COMMENT ON TABLE runs IS 'One row for each run of the program that worked on the warehouse.';
COMMENT ON COLUMN runs.run_id IS 'The run''s id: its kind, when it started (UTC) and a few random letters; it stands on every row the run made.';
COMMENT ON COLUMN runs.kind IS 'What it did: ingest, backfill, reprocess, maintain, retry or forget.';
COMMENT ON COLUMN runs.state IS 'running, done, failed (an error stopped it), cancelled or crashed (its process ended without a word). What it had landed is kept in any case.';
COMMENT ON COLUMN runs.trigger IS 'What started it: schedule, deployment (somebody, through Prefect) or manual (the command line).';
COMMENT ON COLUMN runs.parameters IS 'What it was asked to do, as JSON.';
COMMENT ON COLUMN runs.started_at IS 'When it began (UTC).';
COMMENT ON COLUMN runs.ended_at IS 'When it ended (UTC), for a crashed one when that was noticed; NULL while running.';
COMMENT ON COLUMN runs.host IS 'The machine it ran on.';
COMMENT ON COLUMN runs.pid IS 'Its process id on that machine.';
COMMENT ON COLUMN runs.version IS 'The version of the program.';
COMMENT ON COLUMN runs.flow_run_id IS 'Its id in Prefect; NULL for a run outside Prefect.';
COMMENT ON COLUMN runs.detail IS 'What went wrong, in plain words; NULL when nothing did.';

COMMENT ON TABLE run_stages IS 'How many items each landed batch took in at each stage, and how they ended. The view run_balance sums a run''s batches up.';
COMMENT ON COLUMN run_stages.run_id IS 'The run: runs.run_id.';
COMMENT ON COLUMN run_stages.stage IS 'What was counted: poll (a feed asked or a folder read), entry (a sighting), page (a fetch) or article (a text made out of a page or file).';
COMMENT ON COLUMN run_stages.taken IS 'Items that went in: new in this run, or waiting from an earlier one. The seven columns that follow add up to it.';
COMMENT ON COLUMN run_stages.landed IS 'Items new or changed, and stored.';
COMMENT ON COLUMN run_stages.known IS 'Items seen before and unchanged.';
COMMENT ON COLUMN run_stages.duplicate IS 'Items that are the same article out of another source.';
COMMENT ON COLUMN run_stages.skipped IS 'Items that a gate or a window passed over.';
COMMENT ON COLUMN run_stages.rejected IS 'Items that are no article.';
COMMENT ON COLUMN run_stages.failed IS 'Items whose tries are used up.';
COMMENT ON COLUMN run_stages.waiting IS 'Items that will be tried again.';
COMMENT ON COLUMN run_stages.counted_at IS 'When the batch landed (UTC).';

COMMENT ON TABLE failures IS 'What does not work at present: one row for each item and stage, for as long as it fails or waits after a failure; it goes when the item lands. The history is in polls.';
COMMENT ON COLUMN failures.run_id IS 'The run that saw it fail last: runs.run_id.';
COMMENT ON COLUMN failures.stage IS 'What it failed at: poll (asking a feed), entry (reading a file), page (fetching) or article (making a text out of it).';
COMMENT ON COLUMN failures.item IS 'What failed: a feed_id at the stage poll, a page_id at page, the folder and path of a file at entry.';
COMMENT ON COLUMN failures.reason IS 'Why, in one word of a fixed list, which every column of reasons keeps to. May pass: timeout, dns, connect, tls, offline (our own outage), throttled (429, 503), server_error, protocol (no proper HTTP), robots_unreachable. Settled refusals: unauthorized (401), forbidden (403), not_found (404), gone (410), client_error (another 4xx), robots (robots.txt says no), address (one that nobody may reach), bad_url, redirects (too many), too_large. Bytes: empty, binary, encoding, unparsable, not_a_feed, not_html, unreadable (the system would not give the file), unknown_kind (of file). No article: too_short, no_title, index_page, error_page, consent_wall, video_page. Passed over: outside_window, unlikely (the topic gate), forgotten (on request), unlisted (of a feed taken off the list), no_link, limit, redirector (a link that hides its article), no_bytes (nothing archived). Ours: crashed (the extractor was too slow or too large on it).';
COMMENT ON COLUMN failures.detail IS 'The circumstances in plain words; empty when there is nothing to say.';
COMMENT ON COLUMN failures.attempts IS 'How often it was tried.';
COMMENT ON COLUMN failures.first_at IS 'When it was first tried and failed (UTC).';
COMMENT ON COLUMN failures.last_at IS 'When it last failed (UTC).';

COMMENT ON TABLE backfill_units IS 'The ledger of past windows: one row for each piece that a source of the past can fetch at once, such as a feed page, a sitemap file or an archive file. Empty until a backfill was run.';
COMMENT ON COLUMN backfill_units.unit_id IS 'The unit''s id, derived from its source, address and window: two backfills that overlap share it.';
COMMENT ON COLUMN backfill_units.source IS 'What kind of source fetches it, such as files, paged feed, sitemap, cdx, warc or list.';
COMMENT ON COLUMN backfill_units.feed_id IS 'The source it belongs to: feeds.feed_id; NULL when it belongs to none in particular.';
COMMENT ON COLUMN backfill_units.url IS 'The address or path to fetch.';
COMMENT ON COLUMN backfill_units.from_at IS 'Where the unit''s window begins, included (UTC); NULL when it is open.';
COMMENT ON COLUMN backfill_units.to_at IS 'Where the unit''s window ends, not included (UTC); NULL when it is open.';
COMMENT ON COLUMN backfill_units.depth IS 'How far it goes: entries only, pages that pass a topic''s gate (with the topic''s version), or all pages. Done for one depth is not done for a deeper one.';
COMMENT ON COLUMN backfill_units.state IS 'planned, running, done, failed or skipped.';
COMMENT ON COLUMN backfill_units.reason IS 'Why it failed or was skipped, a word listed at failures.reason; NULL otherwise.';
COMMENT ON COLUMN backfill_units.detail IS 'The circumstances in plain words; NULL when there is nothing to say.';
COMMENT ON COLUMN backfill_units.attempts IS 'How often it was tried.';
COMMENT ON COLUMN backfill_units.found IS 'How many items it held; NULL until it ran.';
COMMENT ON COLUMN backfill_units.new IS 'How many of them were not known before; NULL until it ran.';
COMMENT ON COLUMN backfill_units.on_topic IS 'How many of their articles are on a topic; NULL until it ran.';
COMMENT ON COLUMN backfill_units.planned_at IS 'When it was first planned (UTC).';
COMMENT ON COLUMN backfill_units.started_at IS 'When it was last begun (UTC); NULL when never.';
COMMENT ON COLUMN backfill_units.ended_at IS 'When it last ended (UTC); NULL when never, or while running.';
COMMENT ON COLUMN backfill_units.run_id IS 'The run that last worked on it: runs.run_id.';

COMMENT ON TABLE leases IS 'Whose turn it is: a run holds a lease while it works, and renews it. Empty when nobody is at work.';
COMMENT ON COLUMN leases.name IS 'What is held; pipeline is the right to work on the warehouse.';
COMMENT ON COLUMN leases.holder IS 'The run that holds it: runs.run_id.';
COMMENT ON COLUMN leases.host IS 'The machine that run is on.';
COMMENT ON COLUMN leases.pid IS 'Its process id there.';
COMMENT ON COLUMN leases.acquired_at IS 'When it was taken or last renewed (UTC).';
COMMENT ON COLUMN leases.expires_at IS 'From when on somebody else may take it, unless it is renewed (UTC).';

-- The table's own comment carries the version of the views; the migration code writes it.
COMMENT ON COLUMN schema_migrations.number IS 'The step''s number; steps are applied in this order.';
COMMENT ON COLUMN schema_migrations.name IS 'The step''s file name without its ending.';
COMMENT ON COLUMN schema_migrations.checksum IS 'A hash of the step''s text, by which an edit afterwards is noticed.';
COMMENT ON COLUMN schema_migrations.applied_at IS 'When the step was applied to this database (UTC).';
