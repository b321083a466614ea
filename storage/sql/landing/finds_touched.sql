-- A later edition may have another date, and a link may have changed places with another one of its
-- entry: which sighting stands for their stories is to be told anew.
INSERT INTO stage_touched
SELECT coalesce(article_id, page_id) FROM entries
WHERE coalesce(article_id, page_id) IS NOT NULL
  AND (entry_id IN (SELECT entry_id FROM stage_entries)
       OR entry_id IN (SELECT unnest(?::VARCHAR[])));
