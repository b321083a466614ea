-- Articles that their pages had left for another one, and that were counted beside it.
DELETE FROM articles
WHERE article_id NOT IN (SELECT article_id FROM pages WHERE article_id IS NOT NULL)
  AND article_id NOT IN (SELECT article_id FROM entries WHERE article_id IS NOT NULL);
DELETE FROM article_versions WHERE article_id NOT IN (SELECT article_id FROM articles);
DELETE FROM article_dates WHERE article_id NOT IN (SELECT article_id FROM articles);
DELETE FROM article_candidates WHERE article_id NOT IN (SELECT article_id FROM articles);
DELETE FROM article_topics WHERE article_id NOT IN (SELECT article_id FROM articles);
DELETE FROM article_signatures WHERE article_id NOT IN (SELECT article_id FROM articles);

-- Of their groups, who is left alone has no near-duplicate, and a group has its first one's name.
DELETE FROM article_groups WHERE group_id IN (
    SELECT g.group_id FROM article_groups g LEFT JOIN articles a USING (article_id)
    GROUP BY g.group_id HAVING count(a.article_id) < 2 AND count(*) > count(a.article_id)
);
DELETE FROM article_groups WHERE article_id NOT IN (SELECT article_id FROM articles);
UPDATE article_groups SET group_id = g.first_id
FROM (SELECT group_id, min(article_id) AS first_id FROM article_groups GROUP BY group_id) g
WHERE article_groups.group_id = g.group_id AND article_groups.group_id <> g.first_id;
