-- Lands stage_article_topics; a new judgement replaces the old one and keeps when it was announced.
MERGE INTO article_topics t
USING stage_article_topics s
ON t.article_id = s.article_id AND t.topic_id = s.topic_id
WHEN MATCHED THEN UPDATE SET
    topic_version = s.topic_version, score = s.score, verdict = s.verdict, rule = s.rule,
    evidence = s.evidence, text_hash = s.text_hash, judged_at = s.judged_at, run_id = s.run_id
WHEN NOT MATCHED THEN INSERT BY NAME;
