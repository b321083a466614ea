-- Each publisher's first article on a topic, in order. An article of which only the day is known
-- (midnight stands for it) or nothing can be first of nothing, so it takes no part.
CREATE OR REPLACE VIEW first_reports AS
SELECT topic_id, row_number() OVER story AS place, publisher, country, language, first_at,
       first_at - min(first_at) OVER (PARTITION BY topic_id) AS behind_first,
       lead(first_at) OVER story - first_at AS ahead_of_next, title, url, article_id
FROM (
    SELECT topic_id, publisher, arg_min(country, ordered) AS country,
           arg_min(language, ordered) AS language, min(published_at) AS first_at,
           arg_min(title, ordered) AS title, arg_min(url, ordered) AS url,
           (min(ordered)).article_id AS article_id
    FROM (
        SELECT *, {'published_at': published_at, 'article_id': article_id} AS ordered
        FROM topic_articles
        WHERE verdict = 'on' AND published_precision IN ('instant', 'local')
    )
    WHERE publisher IS NOT NULL
    GROUP BY topic_id, publisher
)
WINDOW story AS (PARTITION BY topic_id ORDER BY first_at, publisher);
