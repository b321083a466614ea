-- Hosts with an article whose lines were not counted yet, or with one in the same group as such.
WITH fresh AS (
    SELECT article_id FROM article_signatures
    WHERE settled IS NOT TRUE
      AND (len(lines) > 0 OR shown_clock IS NOT NULL OR clock_month IS NOT NULL)
), touched AS (
    SELECT article_id FROM fresh
    UNION
    SELECT article_id FROM article_groups
    WHERE group_id IN (SELECT group_id FROM article_groups JOIN fresh USING (article_id))
)
SELECT DISTINCT p.host
FROM touched JOIN articles a USING (article_id) JOIN pages p ON p.page_id = a.page_id
WHERE p.host IS NOT NULL ORDER BY p.host;
