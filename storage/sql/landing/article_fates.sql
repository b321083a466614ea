-- What becomes of each arriving article, told by its place and its hash.
SELECT s.article_id,
       CASE WHEN f.article_id IS NOT NULL THEN 'skipped'
            WHEN a.article_id IS NULL THEN 'new'
            WHEN a.row_hash = s.row_hash AND a.preference = s.preference THEN 'known'
            WHEN a.preference = s.preference THEN 'changed'
            WHEN s.preference < a.preference THEN 'better'
            ELSE 'duplicate' END AS fate
FROM arriving_heads s
LEFT JOIN articles a USING (article_id)
LEFT JOIN (SELECT DISTINCT article_id FROM tombstones) f USING (article_id);
