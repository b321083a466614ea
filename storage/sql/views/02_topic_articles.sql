-- Each article with each topic it is on or mentions; off is left out. A snippet is a phrase that
-- counted in the text with up to 40 characters on either side.
CREATE OR REPLACE VIEW topic_articles AS
SELECT t.topic_id, t.verdict, t.score, t.rule, n.article_id, n.published_at, n.published_precision,
       n.publisher, n.country, n.language, n.title, n.url, n.word_count, n.text, t.evidence,
       list_transform(list_filter(t.evidence, lambda e: e.field = 'text')[:3], lambda e: replace(
           n.text[greatest(e."start" - 39, 1):e."end" + 40], chr(10), ' ')) AS snippets,
       n.source_kind
FROM article_topics t JOIN news n USING (article_id)
WHERE t.verdict <> 'off';
