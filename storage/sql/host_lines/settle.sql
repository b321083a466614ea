UPDATE article_signatures SET settled = true
WHERE settled = false AND article_id IN (
    SELECT a.article_id FROM articles a JOIN pages p ON p.page_id = a.page_id
    WHERE p.host IN (SELECT host FROM arriving_hosts)
);
