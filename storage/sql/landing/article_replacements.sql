-- Stored articles that arrive again and differ: the publisher changed them, or a better copy came.

-- What the publisher changed is kept as it stood; a better copy of the same article is no change.
INSERT INTO article_versions
SELECT a.article_id, 1 + coalesce(v.kept, 0), a.title, a.text, a.text_hash, a.modified_at,
       a.extractor_version, getvariable('now'), getvariable('run_id')
FROM articles a JOIN arriving_replacements s USING (article_id)
-- A correlated count over no row is NULL through a Quack server, and not 0.
LEFT JOIN (
    SELECT article_id, count(*) AS kept FROM article_versions GROUP BY article_id
) v ON v.article_id = a.article_id
WHERE a.article_id IN (SELECT article_id FROM arriving_changed)
  AND (a.text_hash IS DISTINCT FROM s.text_hash OR a.title IS DISTINCT FROM s.title);

UPDATE articles SET
    url = s.url, canonical_url = s.canonical_url, title = s.title, text = s.text,
    authors = s.authors, agency = s.agency, publisher = s.publisher, country = s.country,
    language = s.language, published_at = s.published_at,
    published_precision = s.published_precision, published_reason = s.published_reason,
    modified_at = s.modified_at, source_kind = s.source_kind, kind = s.kind, section = s.section,
    tags = s.tags, lead = s.lead, image = s.image, paywalled = s.paywalled,
    word_count = s.word_count, text_hash = s.text_hash, path = s.path, page_id = s.page_id,
    preference = s.preference, row_hash = s.row_hash, extractor_version = s.extractor_version,
    run_id = s.run_id
FROM arriving_replacements s
WHERE articles.article_id = s.article_id;

DELETE FROM article_dates WHERE article_id IN (SELECT article_id FROM arriving_replacements);
DELETE FROM article_candidates WHERE article_id IN (SELECT article_id FROM arriving_replacements);
DELETE FROM article_signatures WHERE article_id IN (SELECT article_id FROM arriving_replacements);

-- A new judgement replaces the old one and keeps when it was announced.
MERGE INTO article_topics t
USING arriving_topics s
ON t.article_id = s.article_id AND t.topic_id = s.topic_id
WHEN MATCHED THEN UPDATE SET
    topic_version = s.topic_version, score = s.score, verdict = s.verdict, rule = s.rule,
    evidence = s.evidence, text_hash = s.text_hash, judged_at = s.judged_at, run_id = s.run_id
WHEN NOT MATCHED THEN INSERT BY NAME;
