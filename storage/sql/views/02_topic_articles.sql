-- Each article with each topic it is on or mentions; off is left out.
CREATE OR REPLACE VIEW topic_articles AS
SELECT t.topic_id, t.verdict, t.score, t.rule, n.article_id, n.published_at, n.publisher,
       n.country, n.language, n.title, n.url, n.word_count, n.text, t.evidence, n.source_kind
FROM article_topics t JOIN news n USING (article_id)
WHERE t.verdict <> 'off';
