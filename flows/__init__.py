"""Everything with side effects and everything scheduled."""
