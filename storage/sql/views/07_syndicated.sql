-- One line a group of near-duplicates: the earliest publisher, the copies, the independent count.
CREATE OR REPLACE VIEW syndicated AS
SELECT g.group_id, count(*) AS copies, count(DISTINCT n.publisher) AS publishers,
       arg_min(n.publisher, n.published_at) AS first_publisher, min(n.published_at) AS first_at,
       arg_min(n.title, n.published_at) AS title, list(n.url ORDER BY n.published_at) AS urls
FROM article_groups g JOIN news n USING (article_id)
GROUP BY g.group_id;
