-- A page read well is one that became an article on the first, fast way; a site that changes its
-- layout is seen by its pages no longer doing so, or by texts that are suddenly short.
CREATE OR REPLACE VIEW host_quality AS
WITH daily AS (
    SELECT p.host, (p.fetched_at AT TIME ZONE 'UTC')::DATE AS day, count(*) AS pages,
           count(*) FILTER (p.article_state IN ('landed', 'known', 'duplicate')) AS articles,
           count(*) FILTER (p.article_state = 'rejected') AS rejected,
           count(*) FILTER (p.article_state = 'failed') AS failed,
           count(*) FILTER (p.article_state IN ('landed', 'known', 'duplicate')
                            AND p.path = 'fast') AS fast,
           count(*) FILTER (p.path = 'slow') AS slow,
           count(*) FILTER (p.path = 'json-ld') AS json_ld,
           count(*) FILTER (p.path = 'state') AS script_data,
           count(*) FILTER (p.path = 'feed') AS feed,
           count(*) FILTER (p.kind = 'teaser') AS teasers,
           mode(p.article_reason) AS usual_reason,
           sum(a.word_count) AS words, count(a.word_count) AS counted
    FROM pages p LEFT JOIN articles a ON a.page_id = p.page_id
    WHERE p.host IS NOT NULL AND p.fetched_at IS NOT NULL
      AND p.article_state IS NOT NULL AND p.article_state <> 'skipped'
    GROUP BY ALL
), compared AS (
    SELECT *, fast / pages AS share_fast,
           round(words / nullif(counted, 0))::BIGINT AS mean_words,
           coalesce(sum(pages) OVER before, 0)::BIGINT AS pages_before,
           sum(fast) OVER before / sum(pages) OVER before AS share_fast_before,
           round(sum(words) OVER before / nullif(sum(counted) OVER before, 0))::BIGINT
               AS mean_words_before
    FROM daily
    WINDOW before AS (PARTITION BY host ORDER BY day ROWS BETWEEN 14 PRECEDING AND 1 PRECEDING)
), judged AS (
    SELECT *, coalesce(pages >= 3 AND pages_before >= 10
                       AND (share_fast < share_fast_before - 0.4
                            OR coalesce(mean_words, 0) < 0.4 * mean_words_before), false) AS worse
    FROM compared
)
SELECT host, day, pages, articles, rejected, failed, fast, slow, json_ld, script_data,
       feed, teasers, usual_reason, round(share_fast, 3) AS share_fast,
       round(share_fast_before, 3) AS share_fast_before, mean_words, mean_words_before, worse,
       worse AND NOT coalesce(lag(worse) OVER (PARTITION BY host ORDER BY day), false)
           AS layout_changed
FROM judged;
