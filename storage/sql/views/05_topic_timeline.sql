-- Days are UTC days.
CREATE OR REPLACE VIEW topic_timeline AS
SELECT topic_id, (published_at AT TIME ZONE 'UTC')::DATE AS day, language,
       count(*) FILTER (verdict = 'on') AS articles,
       count(*) FILTER (verdict = 'mention') AS mentions,
       count(DISTINCT publisher) FILTER (verdict = 'on') AS publishers
FROM topic_articles
WHERE published_at IS NOT NULL
GROUP BY ALL;
