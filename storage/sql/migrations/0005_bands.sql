-- An article's bands become a list beside its signature: a twentieth of the rows to write, and one
-- pass over whole numbers instead of text when near-duplicates are looked for. Half of each hash's
-- range is enough, and fits the signed numbers that every reader of Arrow takes for a filter.
ALTER TABLE article_signatures ADD COLUMN bands BIGINT[];

UPDATE article_signatures SET bands = b.bands
FROM (
    SELECT article_id, list((('0x' || band[4:])::UBIGINT >> 1)::BIGINT ORDER BY band) AS bands
    FROM article_bands GROUP BY article_id
) b
WHERE article_signatures.article_id = b.article_id;

DROP TABLE article_bands;
