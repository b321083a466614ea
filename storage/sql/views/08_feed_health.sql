CREATE OR REPLACE VIEW feed_health AS
WITH recent AS (
    SELECT feed_id, count(*) AS polls, count(*) FILTER (state = 'failed') AS failed_polls,
           count(path) AS read_polls, count(*) FILTER (path = 'fast') AS fast_polls,
           sum(new_entries) AS new_entries, count(*) FILTER (possible_gap) AS possible_gaps,
           max(polled_at) FILTER (possible_gap) AS last_gap_at,
           round(avg(elapsed_ms)) AS mean_ms
    FROM polls GROUP BY feed_id
)
SELECT f.feed_id, f.publisher, f.url,
       CASE WHEN NOT f.listed THEN 'off the list' WHEN f.paused THEN 'paused'
            WHEN f.gone THEN 'gone' WHEN f.last_polled_at IS NULL THEN 'never polled'
            WHEN f.failures > 0 THEN 'failing' ELSE 'good' END AS health,
       f.last_reason AS reason, f.last_detail AS detail, f.last_polled_at, f.last_ok_at,
       f.last_new_at, f.next_poll_at, f.interval_s, f.failures,
       coalesce(r.polls, 0) AS polls, coalesce(r.failed_polls, 0) AS failed_polls,
       coalesce(r.new_entries, 0) AS new_entries, coalesce(r.possible_gaps, 0) AS possible_gaps,
       r.last_gap_at, r.mean_ms, f.redirect_url,
       coalesce(r.read_polls, 0) AS read_polls, coalesce(r.fast_polls, 0) AS fast_polls
FROM feeds f LEFT JOIN recent r USING (feed_id)
WHERE f.kind = 'feed';
