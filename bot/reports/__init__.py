"""Reports: a member's own data as pictures, tables and files. Values in, bytes or text out; nothing is kept."""
