CREATE OR REPLACE VIEW waiting AS
SELECT page_id, url, host, reason, detail, attempts, next_at, first_seen_at
FROM pages WHERE state = 'waiting';
