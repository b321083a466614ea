-- Must never return a row: `maintain` and the tests ask.
CREATE OR REPLACE VIEW orphans AS
SELECT 'entry without feed' AS what, entry_id AS id FROM entries
WHERE feed_id NOT IN (SELECT feed_id FROM feeds)
UNION ALL
SELECT 'entry without article', entry_id FROM entries
WHERE article_id IS NOT NULL AND article_id NOT IN (SELECT article_id FROM articles)
UNION ALL
SELECT 'entry without page', entry_id FROM entries
WHERE state IN ('landed', 'duplicate') AND page_id IS NOT NULL AND page_id NOT IN (SELECT page_id FROM pages)
UNION ALL
SELECT 'article without page or entry', article_id FROM articles
WHERE article_id NOT IN (SELECT article_id FROM pages WHERE article_id IS NOT NULL)
  AND article_id NOT IN (SELECT article_id FROM entries WHERE article_id IS NOT NULL)
UNION ALL
SELECT 'date without article', article_id FROM article_dates
WHERE article_id NOT IN (SELECT article_id FROM articles)
UNION ALL
SELECT 'topic without article', article_id FROM article_topics
WHERE article_id NOT IN (SELECT article_id FROM articles)
UNION ALL
SELECT 'version without article', article_id FROM article_versions
WHERE article_id NOT IN (SELECT article_id FROM articles)
UNION ALL
SELECT 'group without article', article_id FROM article_groups
WHERE article_id NOT IN (SELECT article_id FROM articles)
UNION ALL
SELECT 'article twice', article_id FROM articles GROUP BY article_id HAVING count(*) > 1
UNION ALL
SELECT 'entry twice', entry_id FROM entries GROUP BY entry_id HAVING count(*) > 1
UNION ALL
SELECT 'page twice', page_id FROM pages GROUP BY page_id HAVING count(*) > 1;
