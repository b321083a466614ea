"""What a warehouse can be besides a file: served over Quack, or a DuckLake.

`naming` says which one a setting means, `quack` and `ducklake` open sessions on them, `serving` is
the process that owns a served file, `literals` writes values into SQL where nothing else will do.
"""
