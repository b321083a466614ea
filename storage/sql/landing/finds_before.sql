-- What a unit of the past found is staged in stage_entries; before it lands:

-- An old issue of a feed does not change what is stored; what is taken up again comes whole.
UPDATE stage_entries SET content_hash = e.content_hash
FROM entries e
WHERE stage_entries.entry_id = e.entry_id AND NOT getvariable('again')
  AND NOT (e.state = 'skipped' AND e.reason IN ('outside_window', 'unlikely')
           AND stage_entries.state = 'landed');

CREATE OR REPLACE TEMP TABLE stage_wanted AS
SELECT s.page_id, s.fetch_url, p.page_id IS NULL AS fresh
FROM arriving_wanted s LEFT JOIN pages p USING (page_id);
