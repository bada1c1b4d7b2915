"""Backups: sealed files of the database and, apart and for a shorter time, of the members' keys.

`sealed` is the file, `folder` where files are; `making`, `restoring` and `drill` are what is done with them, on
SQLite (`bot.storage.copies`) and on PostgreSQL (`server`). `keys.rewrap(folder, old, new)` follows an exchange of the
master key.
"""
