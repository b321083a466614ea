-- Looking for near-duplicates is a pass over all signatures, so several batches share one.
CREATE TABLE articles_to_group (article_id VARCHAR, replaced BOOLEAN, run_id VARCHAR);
