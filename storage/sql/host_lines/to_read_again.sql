-- Pages of unsettled articles that were read with other lines left out than are known now.
WITH known AS (
    SELECT host, list(DISTINCT line) AS known FROM host_lines
    WHERE host IN (SELECT host FROM arriving_hosts) GROUP BY host
)
SELECT p.page_id
FROM article_signatures s
JOIN articles a USING (article_id)
JOIN pages p ON p.page_id = a.page_id
LEFT JOIN known k ON k.host = p.host
WHERE s.settled = false AND p.host IN (SELECT host FROM arriving_hosts)
  AND p.page_id > $after
  AND list_sort(coalesce(s.left_out, []))
      <> list_sort(coalesce(list_intersect(s.lines, k.known), []))
ORDER BY p.page_id LIMIT $limit;
