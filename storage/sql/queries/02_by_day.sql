-- How did coverage rise and fall, by UTC day and language?
SELECT day, language, articles, mentions, publishers
FROM topic_timeline
WHERE topic_id = 'kim-putin-summit'
ORDER BY day, articles DESC, language;
