-- One line a group of near-duplicates: who had it first, how often it ran, how many really differ.
CREATE OR REPLACE VIEW syndicated AS
SELECT g.group_id, count(*) AS copies, count(DISTINCT n.publisher) AS publishers,
       count(DISTINCT n.text_hash) AS wordings,
       arg_min(n.publisher, n.published_at) AS first_publisher, min(n.published_at) AS first_at,
       max(n.published_at) AS last_at, arg_min(n.title, n.published_at) AS title,
       min(g.similarity) AS similarity, list(n.url ORDER BY n.published_at, n.url) AS urls
FROM article_groups g JOIN news n USING (article_id)
GROUP BY g.group_id;
