-- For each run and stage what was taken, and how it ended; `balanced` is always true.
CREATE OR REPLACE VIEW run_balance AS
SELECT run_id, stage, sum(taken)::BIGINT AS taken, sum(landed)::BIGINT AS landed,
       sum(known)::BIGINT AS known, sum(duplicate)::BIGINT AS duplicate,
       sum(skipped)::BIGINT AS skipped, sum(rejected)::BIGINT AS rejected,
       sum(failed)::BIGINT AS failed, sum(waiting)::BIGINT AS waiting,
       sum(taken) = sum(landed + known + duplicate + skipped + rejected + failed + waiting)
           AS balanced
FROM run_stages
GROUP BY run_id, stage;
