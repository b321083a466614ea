"""Pure: bytes or records in, records out."""
