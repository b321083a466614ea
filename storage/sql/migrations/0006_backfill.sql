-- Past windows: what a backfill was asked for, the units it works on, and the pages it wants.
ALTER TABLE backfill_units ADD COLUMN spec VARCHAR;
ALTER TABLE backfill_units ADD COLUMN family VARCHAR;
ALTER TABLE backfill_units ADD COLUMN parent_id VARCHAR;
ALTER TABLE backfill_units ADD COLUMN outside BIGINT;
ALTER TABLE backfill_units ADD COLUMN passed BIGINT;
ALTER TABLE backfill_units ADD COLUMN expires_at TIMESTAMPTZ;

CREATE TABLE backfill_windows (
    feed_id VARCHAR, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ
);

ALTER TABLE pages ADD COLUMN published_at TIMESTAMPTZ;
ALTER TABLE pages ADD COLUMN fetch_url VARCHAR;
ALTER TABLE pages ADD COLUMN unit_id VARCHAR;
ALTER TABLE pages ADD COLUMN backlog BOOLEAN;
