-- Who had it first, and by how long before the next?
SELECT place, publisher, country, first_at, behind_first, ahead_of_next, title
FROM first_reports
WHERE topic_id = 'kim-putin-summit'
ORDER BY place;
