-- The pages that a unit of the past wants, and which of them nobody has pointed at before.
CREATE OR REPLACE TEMP TABLE stage_wanted AS
SELECT s.page_id, s.fetch_url, p.page_id IS NULL AS fresh
FROM arriving_wanted s LEFT JOIN pages p USING (page_id);
