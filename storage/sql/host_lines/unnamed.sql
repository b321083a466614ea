-- Lines known by their hash alone, each with a text in which it still stands.
SELECT h.host, h.line, any_value(a.text) AS text
FROM host_lines h
JOIN pages p ON p.host = h.host
JOIN articles a ON a.page_id = p.page_id
JOIN article_signatures s ON s.article_id = a.article_id
WHERE h.text IS NULL AND (h.host, h.line) IN (SELECT (host, line) FROM stage_moved)
  AND list_contains(s.lines, h.line) AND NOT list_contains(coalesce(s.left_out, []), h.line)
GROUP BY ALL;
