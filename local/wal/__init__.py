"""A write-ahead log: every acknowledged change is on disk before its caller learns of it.

The package handles folders, files and records. It does not interpret the changes in them;
`local/patches` writes and replays those.
"""
