CREATE OR REPLACE VIEW coverage AS
SELECT a.topic_id, a.country, a.publisher, count(*) FILTER (a.verdict = 'on') AS articles,
       count(*) FILTER (a.verdict = 'on')
           - count(g.group_id) FILTER (a.verdict = 'on')
           + count(DISTINCT g.group_id) FILTER (a.verdict = 'on') AS texts,
       count(*) FILTER (a.verdict = 'mention') AS mentions,
       list_sort(list_distinct(list(a.language))) AS languages,
       min(a.published_at) FILTER (a.verdict = 'on') AS first_at,
       max(a.published_at) FILTER (a.verdict = 'on') AS last_at
FROM topic_articles a LEFT JOIN article_groups g USING (article_id)
GROUP BY ALL;
