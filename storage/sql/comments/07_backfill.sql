-- What past windows add to the tables.

COMMENT ON COLUMN backfill_units.spec IS 'The whole unit as JSON, so that another process can do it.';
COMMENT ON COLUMN backfill_units.family IS 'What it is a part of: the source with the feed or the choice of hosts it works for. A window is covered for a family when all units of that family and window are done.';
COMMENT ON COLUMN backfill_units.parent_id IS 'The unit that named it (the feed page before, the index): backfill_units.unit_id; NULL for one to begin with.';
COMMENT ON COLUMN backfill_units.outside IS 'How many of the items found are known to lie outside the window; NULL until it ran.';
COMMENT ON COLUMN backfill_units.passed IS 'How many items were passed over without becoming sightings; NULL until it ran.';
COMMENT ON COLUMN backfill_units.expires_at IS 'From when on somebody else may take a running unit over (UTC); NULL when nobody works on it.';

COMMENT ON TABLE backfill_windows IS 'The past windows asked for so far, by source, joined where they touch: what was published in one belongs in the tables, whichever backfill meets it.';
COMMENT ON COLUMN backfill_windows.feed_id IS 'The source asked: feeds.feed_id.';
COMMENT ON COLUMN backfill_windows.from_at IS 'Where the window begins, included (UTC).';
COMMENT ON COLUMN backfill_windows.to_at IS 'Where it ends, not included (UTC).';

COMMENT ON COLUMN pages.published_at IS 'When its article was published as the page was read (UTC); kept also when that lies outside every window asked for and no article was made. NULL when not known.';
COMMENT ON COLUMN pages.fetch_url IS 'Where it is fetched from when that is not its own address: an archive''s copy. NULL otherwise.';
COMMENT ON COLUMN pages.unit_id IS 'The unit of a backfill that wanted it first: backfill_units.unit_id. NULL when a live source did, and then no window applies to it.';
COMMENT ON COLUMN pages.backlog IS 'True while it waits for a backfill to fetch it for the first time, and not for the next live run; else NULL.';
