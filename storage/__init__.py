"""DuckDB, the page archive, and nothing else."""
