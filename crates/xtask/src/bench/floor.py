"""What SQLite allows on this machine: the rows of statements and nothing else.

No HTTP, no JSON, no packing: a statement of 946 bytes with its id, its registration and six rows of references that are
appended and indexed never, in WAL mode with synchronous=FULL. Prints one JSON object: statements a second by statements a commit.
"""
import json
import os
import random
import sqlite3
import sys
import time

TEXT, REFERENCES = 946, 6
random.seed(1)
bodies = [random.randbytes(TEXT) for _ in range(512)]
references = [random.randbytes(16) for _ in range(4096)]


def rate(path, together, seconds=4.0):
    """Statements a second, so many a commit, from the time that writing takes: making the rows is not what is measured."""
    base = sqlite3.connect(path, isolation_level=None)
    base.executescript(
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        CREATE TABLE statement (place INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, registration BLOB, body BLOB);
        CREATE TABLE reference (kind INTEGER, what BLOB, place INTEGER);
        """
    )
    place, spent, began = 0, 0.0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        statements = [
            (place + n, random.randbytes(16), random.randbytes(16), bodies[n & 511]) for n in range(together)
        ]
        rows = [
            (kind, references[(17 * n + 31 * kind + place) & 4095], place + n)
            for n in range(together)
            for kind in range(REFERENCES)
        ]
        made = time.perf_counter()
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT INTO statement VALUES (?, ?, ?, ?)", statements)
        base.executemany("INSERT INTO reference VALUES (?, ?, ?)", rows)
        base.execute("COMMIT")
        place += together
        spent += time.perf_counter() - made
    base.close()
    return round(place / spent)


rates = {}
for together in (1, 400, 8000):
    path = os.path.join(sys.argv[1], f"floor-{together}.db")
    rates[str(together)] = rate(path, together)
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.remove(path + end)
print(json.dumps({"sqlite": sqlite3.sqlite_version, "statements_per_s_by_commit": rates}))
