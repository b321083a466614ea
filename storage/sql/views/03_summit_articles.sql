CREATE OR REPLACE VIEW summit_articles AS
SELECT article_id, published_at, publisher, country, language, title, url, score, rule, word_count,
       text, evidence
FROM topic_articles
WHERE topic_id = 'kim-putin-summit' AND verdict = 'on';
