"""The demo newsroom: outlets, feeds and pages served on loopback."""
