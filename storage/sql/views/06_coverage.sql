CREATE OR REPLACE VIEW coverage AS
SELECT topic_id, country, publisher, count(*) FILTER (verdict = 'on') AS articles,
       count(*) FILTER (verdict = 'mention') AS mentions,
       list_sort(list_distinct(list(language))) AS languages,
       min(published_at) FILTER (verdict = 'on') AS first_at,
       max(published_at) FILTER (verdict = 'on') AS last_at
FROM topic_articles
GROUP BY ALL;
