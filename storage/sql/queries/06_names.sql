-- What do the papers of each language call the two men?
SELECT a.language, e.concept, e.phrase, count(*) AS times
FROM topic_evidence e JOIN articles a USING (article_id)
WHERE e.topic_id = 'kim-putin-summit' AND e.concept IN ('kim', 'putin')
GROUP BY ALL
ORDER BY a.language, e.concept, times DESC, e.phrase;
