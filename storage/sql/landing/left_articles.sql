-- The articles that pages just left and that nothing names any more, each with the one that has
-- taken its place, and whether its page reads otherwise now.
-- Its heir is told by the page it was made of, so it is the same whichever page left it last.
SELECT a.article_id, coalesce(any_value(p.article_id), min(s.article_id)),
       coalesce(
           bool_or(a.text_hash IS DISTINCT FROM s.text_hash OR a.title IS DISTINCT FROM s.title)
               FILTER (WHERE s.page_id = a.page_id),
           true)
FROM articles a
JOIN arriving_moves s ON s.left_id = a.article_id
LEFT JOIN pages p ON p.page_id = a.page_id
WHERE NOT EXISTS (SELECT 1 FROM pages n WHERE n.article_id = a.article_id)
  AND NOT EXISTS (SELECT 1 FROM entries n WHERE n.article_id = a.article_id)
GROUP BY a.article_id;
