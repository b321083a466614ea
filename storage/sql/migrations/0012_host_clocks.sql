-- By which clock a host writes times without a zone, as the feeds that list its pages show it.
CREATE TABLE host_clocks (
    host VARCHAR, month VARCHAR, minutes BIGINT, stories BIGINT, of_stories BIGINT, run_id VARCHAR
);

ALTER TABLE article_signatures ADD COLUMN shown_clock BIGINT;
ALTER TABLE article_signatures ADD COLUMN clock_month VARCHAR;
ALTER TABLE article_signatures ADD COLUMN clock BIGINT;
