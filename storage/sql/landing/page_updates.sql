-- What became of pages that are stored already; what this attempt did not learn stays.
UPDATE pages SET
    final_url = coalesce(s.final_url, pages.final_url), host = coalesce(s.host, pages.host),
    article_id = coalesce(s.article_id, pages.article_id), state = s.state, reason = s.reason,
    detail = s.detail, article_state = coalesce(s.article_state, pages.article_state),
    article_reason = CASE WHEN s.article_state IS NULL THEN pages.article_reason
                          ELSE s.article_reason END,
    published_at = CASE WHEN s.article_state IS NULL THEN pages.published_at
                        ELSE s.published_at END,
    backlog = NULL, kind = coalesce(s.kind, pages.kind), path = coalesce(s.path, pages.path),
    attempts = s.attempts, first_attempt_at = s.first_attempt_at, next_at = s.next_at,
    fetched_at = coalesce(s.fetched_at, pages.fetched_at),
    status = coalesce(s.status, pages.status),
    content_type = coalesce(s.content_type, pages.content_type),
    last_modified = coalesce(s.last_modified, pages.last_modified),
    body_hash = coalesce(s.body_hash, pages.body_hash), bytes = coalesce(s.bytes, pages.bytes),
    elapsed_ms = coalesce(s.elapsed_ms, pages.elapsed_ms),
    warc_file = coalesce(s.warc_file, pages.warc_file),
    warc_offset = coalesce(s.warc_offset, pages.warc_offset),
    warc_digest = coalesce(s.warc_digest, pages.warc_digest),
    extractor_version = coalesce(s.extractor_version, pages.extractor_version),
    run_id = s.run_id
FROM arriving_pages s
WHERE pages.page_id = s.page_id;
-- Both the articles that arrive and those that the entries of these pages were sightings of.
CREATE OR REPLACE TEMP TABLE stage_touched AS
SELECT article_id AS story FROM arriving_pages WHERE article_id IS NOT NULL
UNION
SELECT article_id FROM entries
WHERE article_id IS NOT NULL AND page_id IN (SELECT page_id FROM arriving_pages);

-- The entries that name a page learn its article.
-- A dropped file that was no article may have become one since.
UPDATE entries SET
    article_id = p.article_id, reason = NULL,
    state = CASE WHEN entries.state = 'rejected' THEN 'landed' ELSE entries.state END
FROM (
    SELECT page_id, article_id FROM pages
    WHERE article_id IS NOT NULL AND page_id IN (SELECT page_id FROM arriving_pages)
) p
WHERE entries.page_id = p.page_id
  AND entries.article_id IS DISTINCT FROM p.article_id
  AND entries.state IN ('landed', 'duplicate', 'rejected');
