-- Polls that showed none of the poll before's entries: others may have come and gone in between.
CREATE OR REPLACE VIEW possible_gaps AS
SELECT p.feed_id, f.publisher, f.url, p.after_at, p.polled_at AS before_at,
       p.polled_at - p.after_at AS unseen_for, p.entries, p.run_id
FROM (
    SELECT *, lag(polled_at) OVER (PARTITION BY feed_id ORDER BY polled_at) AS after_at
    FROM polls WHERE state <> 'failed'
) p LEFT JOIN feeds f USING (feed_id)
WHERE p.possible_gap;
