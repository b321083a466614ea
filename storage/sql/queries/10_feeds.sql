-- Which feeds give trouble, and why?
SELECT publisher, health, reason, detail, last_ok_at, next_poll_at
FROM feed_health
WHERE health NOT IN ('good', 'paused', 'off the list')
ORDER BY failures DESC, publisher;
