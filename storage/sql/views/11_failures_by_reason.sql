-- The example is the one that failed last, with its own circumstances.
CREATE OR REPLACE VIEW failures_by_reason AS
SELECT stage, reason, count(*) AS items, min(first_at) AS first_at, max(last_at) AS last_at,
       arg_max(item, (last_at, item)) AS example, arg_max(detail, (last_at, item)) AS detail
FROM failures GROUP BY stage, reason;
