-- What recurs on page after page of one host is the site's own and no part of its articles.
CREATE TABLE host_lines (
    host VARCHAR, month VARCHAR, line BIGINT, text VARCHAR, stories BIGINT, of_stories BIGINT,
    run_id VARCHAR
);

-- The hashes of each text's lines; `settled` once they were counted with the others of the host.
ALTER TABLE article_signatures ADD COLUMN lines BIGINT[];
ALTER TABLE article_signatures ADD COLUMN left_out BIGINT[];
ALTER TABLE article_signatures ADD COLUMN settled BOOLEAN;
