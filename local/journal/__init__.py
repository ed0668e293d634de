"""A write-ahead journal: what was acknowledged is on disk, whatever ends the process.

It knows folders, files and records, and nothing of what they say; `local/patches` fills it.
"""
