-- Who mentions the satellites, in four languages?
SELECT published_at, publisher, language, title
FROM summit_articles
WHERE contains(lower(text), 'satellit') OR contains(text, '위성') OR contains(lower(text), 'спутник')
   OR contains(text, '衛星')
ORDER BY published_at;
