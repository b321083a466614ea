"""The `duckwire` command's subcommands, a module a theme; each is thin."""
