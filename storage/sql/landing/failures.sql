-- Lands stage_failures: one row an item and stage, for as long as it fails.
MERGE INTO failures t
USING stage_failures s
ON t.stage = s.stage AND t.item = s.item
WHEN MATCHED THEN UPDATE SET
    run_id = s.run_id, reason = s.reason, detail = s.detail,
    attempts = greatest(t.attempts + 1, s.attempts), last_at = s.last_at
WHEN NOT MATCHED THEN INSERT BY NAME;
