-- The articles that count: samples only for as long as there is nothing else.
CREATE OR REPLACE VIEW news AS
SELECT * FROM articles
WHERE source_kind <> 'sample'
   OR NOT EXISTS (SELECT 1 FROM articles WHERE source_kind <> 'sample');
