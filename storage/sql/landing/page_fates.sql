-- Of each arriving page: whether it is stored, and whether it was forgotten.
SELECT s.page_id, p.page_id IS NOT NULL AS stored,
       s.page_id IN (SELECT page_id FROM tombstones WHERE page_id IS NOT NULL)
       OR coalesce(s.article_id, '')
          IN (SELECT article_id FROM tombstones WHERE article_id IS NOT NULL) AS forgotten
FROM arriving_heads s LEFT JOIN (SELECT DISTINCT page_id FROM pages) p USING (page_id);
