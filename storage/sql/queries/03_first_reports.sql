-- Who had it first, and by how long before the next?
SELECT publisher, country, first_at,
       first_at - min(first_at) OVER () AS behind_the_first
FROM coverage
WHERE topic_id = 'kim-putin-summit' AND first_at IS NOT NULL
ORDER BY first_at, publisher;
