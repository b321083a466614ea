-- The entries that name a page learn its article.
UPDATE entries SET article_id = p.article_id
FROM (
    SELECT page_id, article_id FROM pages
    WHERE article_id IS NOT NULL AND page_id IN (SELECT page_id FROM arriving_heads)
) p
WHERE entries.page_id = p.page_id
  AND entries.article_id IS DISTINCT FROM p.article_id AND entries.state IN ('landed', 'duplicate');

CREATE OR REPLACE TEMP TABLE stage_touched AS
SELECT DISTINCT article_id AS story FROM arriving_heads WHERE article_id IS NOT NULL;
