-- What was written about the summit, newest first?
SELECT published_at, publisher, language, title, url
FROM summit_articles
ORDER BY published_at DESC NULLS LAST, title;
