"""Search over a catalog: names as they are typed, questions, and claims in other people's words.

SQLite's FTS5, in memory, narrows ten thousand cards to a handful; Python then judges those by rules that can be read
here. A wrong card said with confidence is worse than none: `ask` and `claims` return nothing when in doubt.
"""
