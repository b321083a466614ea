-- Counts the lines of the hosts of arriving_hosts anew, a host and month of publication at a time,
-- where an article came in. A story counts once, in however many articles (near-duplicates) it is
-- told: what an agency sends is nobody's furniture.

CREATE OR REPLACE TEMP TABLE stage_placed AS
SELECT s.article_id, p.host, s.settled, len(s.lines) > 0 AS lined,
       coalesce(strftime(a.published_at AT TIME ZONE 'UTC', '%Y-%m'), 'undated') AS month,
       coalesce(g.group_id, s.article_id) AS story
FROM article_signatures s
JOIN articles a USING (article_id)
JOIN pages p ON p.page_id = a.page_id
LEFT JOIN article_groups g ON g.article_id = s.article_id
WHERE (len(s.lines) > 0 OR s.shown_clock IS NOT NULL OR s.clock_month IS NOT NULL)
  AND p.host IN (SELECT host FROM arriving_hosts);

CREATE OR REPLACE TEMP TABLE stage_months AS
SELECT DISTINCT host, month FROM stage_placed
WHERE story IN (SELECT story FROM stage_placed WHERE settled IS NOT TRUE);

CREATE OR REPLACE TEMP TABLE stage_known AS
SELECT DISTINCT host, line, text FROM host_lines
WHERE host IN (SELECT host FROM arriving_hosts);

DELETE FROM host_lines
WHERE (host, month) IN (SELECT (host, month) FROM stage_months);

-- Three pages and three in ten prove it; of few pages half, lest a background paragraph that an
-- author repeats in three stories of a small paper be taken for the paper's own.
INSERT INTO host_lines BY NAME
WITH told AS (
    SELECT DISTINCT host, month, story, unnest(lines) AS line
    FROM stage_placed JOIN stage_months USING (host, month)
    JOIN article_signatures USING (article_id)
), counted AS (
    SELECT host, month, line, count(*) AS stories FROM told GROUP BY ALL
), months AS (
    SELECT host, month, count(DISTINCT story) AS of_stories
    FROM stage_placed JOIN stage_months USING (host, month) WHERE lined GROUP BY ALL
)
SELECT c.host, c.month, c.line, k.text, c.stories, m.of_stories,
       getvariable('run_id') AS run_id
FROM counted c JOIN months m USING (host, month)
LEFT JOIN (SELECT host, line, max(text) AS text FROM stage_known GROUP BY ALL) k
    USING (host, line)
WHERE c.stories >= 3 AND c.stories >= 0.3 * m.of_stories
  AND c.stories >= least(0.5 * m.of_stories, 10);

-- What is the site's own now and was not, or the other way round, concerns all who have it.
CREATE OR REPLACE TEMP TABLE stage_moved AS
WITH before AS (SELECT DISTINCT host, line FROM stage_known),
after AS (
    SELECT DISTINCT host, line FROM host_lines WHERE host IN (SELECT host FROM arriving_hosts)
)
(FROM before EXCEPT FROM after) UNION (FROM after EXCEPT FROM before);

UPDATE article_signatures SET settled = false
WHERE settled IS NULL
  AND article_id IN (SELECT article_id FROM stage_placed WHERE settled IS NOT TRUE);
