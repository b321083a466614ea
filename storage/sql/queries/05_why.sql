-- Why is each article in the folder: which words counted, and where do they stand?
SELECT title, concept, phrase, snippet
FROM topic_evidence
WHERE topic_id = 'kim-putin-summit' AND verdict = 'on'
ORDER BY title, field DESC, start_at;
