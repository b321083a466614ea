-- Each copy of a text that several papers printed, in order; only copies whose time is known.
CREATE OR REPLACE VIEW first_copies AS
SELECT g.group_id, row_number() OVER run AS place, n.publisher, n.country, n.language,
       n.published_at,
       n.published_at - min(n.published_at) OVER (PARTITION BY g.group_id) AS behind_first,
       g.similarity, n.title, n.url, n.article_id
FROM article_groups g JOIN news n USING (article_id)
WHERE n.published_precision IN ('instant', 'local')
WINDOW run AS (PARTITION BY g.group_id ORDER BY n.published_at, n.publisher, n.article_id);
