-- Lands stage_entries: sightings, and a waiting page for each new link.
-- $now and $run_id are bound as variables; the caller holds the transaction.

-- Of what is forgotten its feed may say nothing here either.
UPDATE stage_entries SET
    state = 'skipped', reason = 'forgotten', page_id = NULL, article_id = NULL, title = NULL,
    summary = NULL, content = NULL, authors = NULL, tags = NULL, image = NULL
WHERE page_id IN (SELECT page_id FROM tombstones)
   OR article_id IN (SELECT article_id FROM tombstones);

-- `story_before` is what a stored entry was a sighting of until now.
-- A page that embeds the clock would change for ever: 24 changes are believed.
-- What a window or the gate had passed over and somebody wants now is taken up again.
CREATE OR REPLACE TEMP TABLE stage_entry_fate AS
SELECT s.entry_id, s.page_id, s.article_id, coalesce(e.article_id, e.page_id) AS story_before,
       CASE WHEN e.entry_id IS NULL THEN 'new'
            WHEN e.state = 'skipped' AND e.reason IN ('outside_window', 'unlikely')
                 AND s.state = 'landed' THEN 'revived'
            WHEN e.content_hash IS DISTINCT FROM s.content_hash AND e.changes < 24 THEN 'changed'
            ELSE 'known' END AS fate
FROM stage_entries s LEFT JOIN entries e USING (entry_id);

MERGE INTO entries t
USING (SELECT s.*, f.fate FROM stage_entries s JOIN stage_entry_fate f USING (entry_id)) s
ON t.entry_id = s.entry_id
WHEN MATCHED AND s.fate IN ('changed', 'revived') THEN UPDATE SET
    link = s.link, url = s.url, page_id = s.page_id,
    article_id = CASE WHEN t.page_id IS NOT DISTINCT FROM s.page_id
                      THEN coalesce(s.article_id, t.article_id) ELSE s.article_id END,
    title = s.title, summary = s.summary, content = s.content, authors = s.authors, tags = s.tags,
    image = s.image, language = s.language, published_at = s.published_at,
    published_raw = s.published_raw, published_precision = s.published_precision,
    modified_at = s.modified_at, content_hash = s.content_hash,
    changes = t.changes + CASE WHEN s.fate = 'changed' THEN 1 ELSE 0 END,
    source_kind = CASE WHEN s.fate = 'revived' THEN s.source_kind ELSE t.source_kind END,
    state = s.state, reason = s.reason, changed_at = getvariable('now'), run_id = s.run_id
WHEN NOT MATCHED THEN INSERT (
    entry_id, feed_id, guid, link, url, page_id, article_id, title, summary, content, authors,
    tags, image, language, published_at, published_raw, published_precision, modified_at,
    content_hash, changes, state, reason, source_kind, first_seen_at, changed_at, run_id
) VALUES (
    s.entry_id, s.feed_id, s.guid, s.link, s.url, s.page_id, s.article_id, s.title, s.summary,
    s.content, s.authors, s.tags, s.image, s.language, s.published_at, s.published_raw,
    s.published_precision, s.modified_at, s.content_hash, 0, s.state, s.reason, s.source_kind,
    s.first_seen_at, NULL, s.run_id
);

-- A changed entry is a reason to look at its page again, and so is a live source that shows what a
-- window had left out; a page that waited for a backfill then waits for the next run.
MERGE INTO pages t
USING (
    SELECT f.page_id, any_value(s.url) AS url, bool_or(f.fate = 'changed') AS changed,
           bool_or(s.source_kind <> 'backfill') AS live
    FROM stage_entry_fate f JOIN stage_entries s USING (entry_id)
    WHERE f.page_id IS NOT NULL AND s.state = 'landed' AND s.article_id IS NULL
      AND (f.fate <> 'known' OR f.page_id IN (
          SELECT page_id FROM pages WHERE backlog OR article_reason = 'outside_window'))
    GROUP BY f.page_id
) s
ON t.page_id = s.page_id
WHEN MATCHED AND (
    (t.state <> 'waiting' AND (s.changed OR (s.live AND t.article_reason = 'outside_window')))
    OR (s.live AND t.backlog)
) THEN UPDATE SET
    state = 'waiting', reason = NULL, detail = NULL, attempts = 0, first_attempt_at = NULL,
    next_at = getvariable('now'), fetch_url = NULL, backlog = NULL,
    unit_id = CASE WHEN s.live THEN NULL ELSE t.unit_id END
WHEN NOT MATCHED THEN INSERT (
    page_id, url, host, state, attempts, next_at, first_seen_at, run_id
) VALUES (
    s.page_id, s.url, regexp_extract(s.url, '^https?://([^/?#]+)', 1), 'waiting', 0,
    getvariable('now'), getvariable('now'), getvariable('run_id')
);

UPDATE entries SET article_id = p.article_id
FROM pages p
WHERE entries.page_id = p.page_id AND p.article_id IS NOT NULL
  AND entries.article_id IS DISTINCT FROM p.article_id AND entries.state IN ('landed', 'duplicate')
  AND entries.entry_id IN (SELECT entry_id FROM stage_entry_fate WHERE fate <> 'known');

-- Both the story an entry is of now and the one it left, which has another sighting to stand for it.
CREATE OR REPLACE TEMP TABLE stage_touched AS
SELECT coalesce(e.article_id, e.page_id) AS story
FROM entries e
JOIN (SELECT entry_id FROM stage_entry_fate WHERE fate <> 'known') f USING (entry_id)
WHERE coalesce(e.article_id, e.page_id) IS NOT NULL
UNION
SELECT story_before FROM stage_entry_fate WHERE fate = 'changed' AND story_before IS NOT NULL;
