-- The pages that a unit of the past wants wait for a backfill, and not for the next live run.
UPDATE pages SET unit_id = getvariable('unit_id'), backlog = true, fetch_url = w.fetch_url
FROM stage_wanted w
WHERE pages.page_id = w.page_id AND w.fresh;

-- The publisher's own page is the best one, then the earliest copy, whichever was met first.
UPDATE pages SET fetch_url = CASE WHEN w.fetch_url IS NULL OR pages.fetch_url IS NULL THEN NULL
                                  ELSE least(pages.fetch_url, w.fetch_url) END
FROM stage_wanted w
WHERE pages.page_id = w.page_id AND NOT w.fresh AND pages.backlog AND pages.attempts = 0
  AND pages.fetch_url IS NOT NULL AND (w.fetch_url IS NULL OR w.fetch_url < pages.fetch_url);

-- What the publisher no longer has, an archive may; and --again asks for everything once more.
UPDATE pages SET
    state = 'waiting', reason = NULL, detail = NULL, attempts = 0, first_attempt_at = NULL,
    next_at = getvariable('now'), backlog = true, fetch_url = w.fetch_url
FROM stage_wanted w
WHERE pages.page_id = w.page_id AND NOT w.fresh AND pages.state <> 'waiting' AND (
    getvariable('again')
    OR (pages.state = 'failed' AND pages.warc_file IS NULL AND w.fetch_url IS NOT NULL
        AND pages.fetch_url IS DISTINCT FROM w.fetch_url)
);
