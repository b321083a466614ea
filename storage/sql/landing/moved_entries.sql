-- Entries of any state follow their page; those that count as sightings did so already.
UPDATE entries SET article_id = s.article_id
FROM arriving_moves s
WHERE entries.page_id = s.page_id AND entries.article_id = s.left_id;
