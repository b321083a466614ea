-- Finds the clocks of the hosts of arriving_hosts anew, in the months that count.sql has told.
-- Three stories prove one, when four in five of those that show any show the same.

DELETE FROM host_clocks
WHERE (host, month) IN (SELECT (host, month) FROM stage_months);

INSERT INTO host_clocks BY NAME
WITH told AS (
    SELECT host, month, shown_clock AS minutes, count(DISTINCT story) AS stories
    FROM stage_placed JOIN stage_months USING (host, month)
    JOIN article_signatures USING (article_id)
    WHERE shown_clock IS NOT NULL GROUP BY ALL
), sums AS (
    SELECT host, month, sum(stories)::BIGINT AS of_stories FROM told GROUP BY ALL
)
SELECT host, month, minutes, stories, of_stories, getvariable('run_id') AS run_id
FROM told JOIN sums USING (host, month)
WHERE stories >= 3 AND stories >= 0.8 * of_stories;

-- Articles whose time is read by another clock now; the rule is that of extractors/clocks.py.
UPDATE article_signatures SET settled = false
WHERE article_id IN (
    SELECT s.article_id
    FROM article_signatures s
    JOIN stage_placed p ON p.article_id = s.article_id
    LEFT JOIN host_clocks c ON c.host = p.host
    WHERE s.clock_month IS NOT NULL
    GROUP BY s.article_id, s.clock
    HAVING s.clock <> coalesce(
        arg_max(c.minutes, c.month) FILTER (c.month <= s.clock_month),
        arg_min(c.minutes, c.month),
        0
    )
);
