-- Lands stage_articles and all that hangs on them; stage_pages has been merged before.

CREATE OR REPLACE TEMP TABLE stage_article_fate AS
SELECT s.article_id, s.title, s.text_hash,
       CASE WHEN f.article_id IS NOT NULL THEN 'skipped'
            WHEN a.article_id IS NULL THEN 'new'
            WHEN a.row_hash = s.row_hash AND a.preference = s.preference THEN 'known'
            WHEN a.preference = s.preference THEN 'changed'
            WHEN s.preference < a.preference THEN 'better'
            ELSE 'duplicate' END AS fate
FROM stage_articles s
LEFT JOIN articles a USING (article_id)
LEFT JOIN (SELECT DISTINCT article_id FROM tombstones) f USING (article_id);

CREATE OR REPLACE TEMP TABLE stage_fresh AS
SELECT article_id FROM stage_article_fate WHERE fate IN ('new', 'changed', 'better');

-- What the publisher changed is kept as it stood; a better copy of the same article is no change.
INSERT INTO article_versions
SELECT a.article_id,
       1 + (SELECT count(*) FROM article_versions v WHERE v.article_id = a.article_id),
       a.title, a.text, a.text_hash, a.modified_at, a.extractor_version, getvariable('now'),
       getvariable('run_id')
FROM articles a JOIN stage_article_fate f USING (article_id)
WHERE f.fate = 'changed'
  AND (a.text_hash IS DISTINCT FROM f.text_hash OR a.title IS DISTINCT FROM f.title);

MERGE INTO articles t
USING (SELECT s.* FROM stage_articles s JOIN stage_fresh USING (article_id)) s
ON t.article_id = s.article_id
WHEN MATCHED THEN UPDATE SET
    url = s.url, canonical_url = s.canonical_url, title = s.title, text = s.text,
    authors = s.authors, agency = s.agency, publisher = s.publisher, country = s.country,
    language = s.language, published_at = s.published_at,
    published_precision = s.published_precision, published_reason = s.published_reason,
    modified_at = s.modified_at, source_kind = s.source_kind, kind = s.kind, section = s.section,
    tags = s.tags, lead = s.lead, image = s.image, paywalled = s.paywalled,
    word_count = s.word_count, text_hash = s.text_hash, path = s.path, page_id = s.page_id,
    preference = s.preference, row_hash = s.row_hash, extractor_version = s.extractor_version,
    run_id = s.run_id
WHEN NOT MATCHED THEN INSERT BY NAME;

DELETE FROM article_dates WHERE article_id IN (SELECT article_id FROM stage_fresh);
INSERT INTO article_dates BY NAME
SELECT s.* FROM stage_article_dates s JOIN stage_fresh USING (article_id);

DELETE FROM article_candidates WHERE article_id IN (SELECT article_id FROM stage_fresh);
INSERT INTO article_candidates BY NAME
SELECT s.* FROM stage_article_candidates s JOIN stage_fresh USING (article_id);

DELETE FROM article_signatures WHERE article_id IN (SELECT article_id FROM stage_fresh);
INSERT INTO article_signatures BY NAME
SELECT s.* FROM stage_article_signatures s JOIN stage_fresh USING (article_id);

DELETE FROM article_bands WHERE article_id IN (SELECT article_id FROM stage_fresh);
INSERT INTO article_bands BY NAME
SELECT s.* FROM stage_article_bands s JOIN stage_fresh USING (article_id);

DELETE FROM stage_article_topics WHERE article_id NOT IN (SELECT article_id FROM stage_fresh);
