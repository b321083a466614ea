-- One line a phrase that counted, cut out of the stored text with what stands around it.
CREATE OR REPLACE VIEW topic_evidence AS
SELECT topic_id, article_id, verdict, title, e.concept, e.phrase, e.field,
       e."start" AS start_at, e."end" AS end_at,
       CASE WHEN e.field = 'title' THEN title
            ELSE replace(text[greatest(e."start" - 39, 1):e."end" + 40], chr(10), ' ')
       END AS snippet
FROM (SELECT topic_id, article_id, verdict, title, text, unnest(evidence) AS e FROM topic_articles);
