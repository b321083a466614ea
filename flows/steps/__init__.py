"""The plain functions the flows are made of; they run with or without Prefect."""
