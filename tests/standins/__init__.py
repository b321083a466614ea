"""Stand-ins of the services that the past comes from, served on loopback."""
