-- Pages of unsettled articles that were read with other lines left out, or by another clock, than
-- are known now.
WITH known AS (
    SELECT host, list(DISTINCT line) AS known FROM host_lines
    WHERE host IN (SELECT host FROM arriving_hosts) GROUP BY host
), unsettled AS (
    SELECT p.page_id, p.host, s.lines, s.left_out, s.clock_month, s.clock
    FROM article_signatures s
    JOIN articles a USING (article_id)
    JOIN pages p ON p.page_id = a.page_id
    WHERE s.settled = false AND p.host IN (SELECT host FROM arriving_hosts)
      AND p.page_id > $after
), clocked AS (
    SELECT u.page_id
    FROM unsettled u LEFT JOIN host_clocks c ON c.host = u.host
    WHERE u.clock_month IS NOT NULL
    GROUP BY u.page_id, u.clock
    HAVING u.clock <> coalesce(
        arg_max(c.minutes, c.month) FILTER (c.month <= u.clock_month),
        arg_min(c.minutes, c.month),
        0
    )
)
SELECT u.page_id
FROM unsettled u LEFT JOIN known k ON k.host = u.host
WHERE list_sort(coalesce(u.left_out, []))
      <> list_sort(coalesce(list_intersect(u.lines, k.known), []))
   OR u.page_id IN (SELECT page_id FROM clocked)
ORDER BY u.page_id LIMIT $limit;
