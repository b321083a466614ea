-- Which countries' press wrote most about it?
SELECT country, sum(articles)::BIGINT AS articles, count(*) AS publishers
FROM coverage
WHERE topic_id = 'kim-putin-summit'
GROUP BY country
ORDER BY articles DESC, country;
