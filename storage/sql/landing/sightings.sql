-- Of several sightings of one article the earliest published is the one that landed, the others are
-- its duplicates; decided from the rows alone, so the order of arrival leaves no trace.
UPDATE entries SET state = r.state
FROM (
    SELECT entry_id,
           CASE WHEN row_number() OVER (
               PARTITION BY coalesce(article_id, page_id)
               ORDER BY published_at NULLS LAST, entry_id
           ) = 1 THEN 'landed' ELSE 'duplicate' END AS state
    FROM entries
    WHERE state IN ('landed', 'duplicate')
      AND coalesce(article_id, page_id) IN (SELECT story FROM stage_touched)
) r
WHERE entries.entry_id = r.entry_id AND entries.state <> r.state;
