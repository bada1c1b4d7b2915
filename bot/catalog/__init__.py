"""`content/` on disk -> one validated `Catalog`, or every problem with its file and line."""
