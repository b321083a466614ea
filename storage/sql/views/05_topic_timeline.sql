-- Days are UTC days. `texts` counts what several papers printed alike once a day.
CREATE OR REPLACE VIEW topic_timeline AS
SELECT a.topic_id, (a.published_at AT TIME ZONE 'UTC')::DATE AS day, a.language,
       count(*) FILTER (a.verdict = 'on') AS articles,
       count(*) FILTER (a.verdict = 'on')
           - count(g.group_id) FILTER (a.verdict = 'on')
           + count(DISTINCT g.group_id) FILTER (a.verdict = 'on') AS texts,
       count(*) FILTER (a.verdict = 'mention') AS mentions,
       count(DISTINCT a.publisher) FILTER (a.verdict = 'on') AS publishers
FROM topic_articles a LEFT JOIN article_groups g USING (article_id)
WHERE a.published_at IS NOT NULL
GROUP BY ALL;
