CREATE OR REPLACE VIEW summit_articles AS
SELECT article_id, published_at, published_precision, publisher, country, language, title, url,
       score, rule, word_count, text, evidence, snippets
FROM topic_articles
WHERE topic_id = 'kim-putin-summit' AND verdict = 'on';
