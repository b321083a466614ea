CREATE OR REPLACE VIEW failures_by_reason AS
SELECT stage, reason, count(*) AS items, max(last_at) AS last_at, any_value(item) AS example,
       any_value(detail) AS detail
FROM failures GROUP BY stage, reason;
