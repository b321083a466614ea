-- Which headlines were changed after publication?
SELECT v.replaced_at, a.publisher, v.title AS before, a.title AS after, a.url
FROM article_versions v JOIN articles a USING (article_id)
WHERE v.title IS DISTINCT FROM a.title
ORDER BY v.replaced_at DESC;
