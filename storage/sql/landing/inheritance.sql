-- What articles that are about to go leave to those that have taken their place.

-- Their texts, the last one only when it is another than their page has now.
INSERT INTO article_versions
SELECT h.article_id,
       coalesce(v.kept, 0)
           + row_number() OVER (PARTITION BY h.article_id ORDER BY h.left_id, o.version),
       o.title, o.text, o.text_hash, o.modified_at, o.extractor_version, o.replaced_at, o.run_id
FROM arriving_heirs h
JOIN (
    SELECT article_id, version, title, text, text_hash, modified_at, extractor_version,
           replaced_at, run_id
    FROM article_versions
    WHERE article_id IN (SELECT left_id FROM arriving_heirs)
    UNION ALL
    SELECT article_id, 9223372036854775807, title, text, text_hash, modified_at,
           extractor_version, getvariable('now'), getvariable('run_id')
    FROM articles WHERE article_id IN (SELECT left_id FROM arriving_heirs WHERE edited)
) o ON o.article_id = h.left_id
LEFT JOIN (
    SELECT article_id, count(*) AS kept FROM article_versions GROUP BY article_id
) v ON v.article_id = h.article_id;

UPDATE articles SET first_seen_at = least(articles.first_seen_at, s.first_seen_at)
FROM (
    SELECT h.article_id, min(a.first_seen_at) AS first_seen_at
    FROM arriving_heirs h JOIN articles a ON a.article_id = h.left_id
    GROUP BY h.article_id
) s
WHERE articles.article_id = s.article_id;

-- What was announced once is not announced again under its new address.
UPDATE article_topics SET notified_at = least(article_topics.notified_at, s.notified_at)
FROM (
    SELECT h.article_id, t.topic_id, min(t.notified_at) AS notified_at
    FROM arriving_heirs h JOIN article_topics t ON t.article_id = h.left_id
    WHERE t.notified_at IS NOT NULL
    GROUP BY h.article_id, t.topic_id
) s
WHERE article_topics.article_id = s.article_id AND article_topics.topic_id = s.topic_id;
