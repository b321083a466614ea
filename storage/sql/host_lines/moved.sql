-- All who have a line that is the site's own now and was not, or the other way round.
UPDATE article_signatures SET settled = false
WHERE article_id IN (
    SELECT article_id
    FROM (
        SELECT article_id, host, unnest(lines) AS line
        FROM stage_placed JOIN article_signatures USING (article_id)
        WHERE host IN (SELECT host FROM stage_moved)
    )
    JOIN stage_moved USING (host, line)
);
