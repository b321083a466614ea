-- What a unit of the past found is staged in stage_entries, and some of it is stored already.
-- Before it lands:

-- Of two editions of an entry that the past shows, say in an old issue and in the archive of a feed,
-- the later one stays, whichever was met first; what a live run landed is left as it is.
UPDATE entries SET
    title = s.title, summary = s.summary, content = s.content, authors = s.authors, tags = s.tags,
    image = s.image, language = s.language, published_at = s.published_at,
    published_raw = s.published_raw, published_precision = s.published_precision,
    modified_at = s.modified_at, content_hash = s.content_hash
FROM stage_entries s
WHERE entries.entry_id = s.entry_id AND NOT getvariable('again')
  AND entries.source_kind = 'backfill' AND entries.page_id = s.page_id
  AND CASE entries.state WHEN 'duplicate' THEN 'landed' ELSE entries.state END = s.state
  AND (entries.state = 'duplicate' OR entries.reason IS NOT DISTINCT FROM s.reason)
  AND (coalesce(s.modified_at, TIMESTAMPTZ '1900-01-01 00:00:00+00'),
       coalesce(s.published_raw, ''), s.content_hash)
    > (coalesce(entries.modified_at, TIMESTAMPTZ '1900-01-01 00:00:00+00'),
       coalesce(entries.published_raw, ''), entries.content_hash);

-- Else an old issue of a feed does not change what is stored; what is taken up again comes whole.
UPDATE stage_entries SET content_hash = e.content_hash
FROM entries e
WHERE stage_entries.entry_id = e.entry_id AND NOT getvariable('again')
  AND NOT (e.state = 'skipped' AND e.reason IN ('outside_window', 'unlikely')
           AND stage_entries.state = 'landed');
