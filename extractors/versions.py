"""Which edition of an extractor made a row; imports nothing, so that anybody can ask."""

from __future__ import annotations

# Each moves with every change that can change a row, so that `reprocess` knows what is stale.
EXTRACTOR_VERSION = "6"
TEXTS_VERSION = "seeds-1"
