-- Lands stage_pages: what became of each page, and the article of every entry that names it.
UPDATE stage_pages SET
    article_id = NULL, article_state = 'skipped', article_reason = 'forgotten', warc_file = NULL,
    warc_offset = NULL, warc_digest = NULL
WHERE page_id IN (SELECT page_id FROM tombstones)
   OR article_id IN (SELECT article_id FROM tombstones);

MERGE INTO pages t
USING stage_pages s
ON t.page_id = s.page_id
WHEN MATCHED THEN UPDATE SET
    final_url = coalesce(s.final_url, t.final_url), host = coalesce(s.host, t.host),
    article_id = coalesce(s.article_id, t.article_id), state = s.state, reason = s.reason,
    detail = s.detail, article_state = coalesce(s.article_state, t.article_state),
    article_reason = CASE WHEN s.article_state IS NULL THEN t.article_reason
                          ELSE s.article_reason END,
    kind = coalesce(s.kind, t.kind), path = coalesce(s.path, t.path), attempts = s.attempts,
    first_attempt_at = s.first_attempt_at, next_at = s.next_at,
    fetched_at = coalesce(s.fetched_at, t.fetched_at), status = coalesce(s.status, t.status),
    content_type = coalesce(s.content_type, t.content_type),
    last_modified = coalesce(s.last_modified, t.last_modified),
    body_hash = coalesce(s.body_hash, t.body_hash), bytes = coalesce(s.bytes, t.bytes),
    elapsed_ms = coalesce(s.elapsed_ms, t.elapsed_ms), warc_file = coalesce(s.warc_file, t.warc_file),
    warc_offset = coalesce(s.warc_offset, t.warc_offset),
    warc_digest = coalesce(s.warc_digest, t.warc_digest),
    extractor_version = coalesce(s.extractor_version, t.extractor_version), run_id = s.run_id
WHEN NOT MATCHED THEN INSERT BY NAME;

UPDATE entries SET article_id = p.article_id
FROM pages p
WHERE entries.page_id = p.page_id AND p.article_id IS NOT NULL
  AND entries.article_id IS DISTINCT FROM p.article_id AND entries.state IN ('landed', 'duplicate')
  AND p.page_id IN (SELECT page_id FROM stage_pages);

CREATE OR REPLACE TEMP TABLE stage_touched AS
SELECT DISTINCT article_id AS story FROM stage_pages WHERE article_id IS NOT NULL;
