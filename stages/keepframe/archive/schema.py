"""
The tables of the catalogue, with what they mean and what must hold in them.

Text only: the catalogue creates them and is the only one to talk to SQLite.
"""

from __future__ import annotations

VERSION = 1
"""Of the tables, kept in SQLite's user_version; an archive with a greater one is refused, never guessed at."""

_TABLES = """
-- one row: the archive itself
CREATE TABLE archive (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    made_ns   INTEGER NOT NULL,                          -- when, nanoseconds since 1970 UTC
    writer    INTEGER NOT NULL DEFAULT 0,                -- number of the process that may write; a greater one ends the older
    commits   INTEGER NOT NULL DEFAULT 0                 -- how many marks have been committed, of all cameras
) STRICT;

-- where each camera stands
CREATE TABLE camera (
    camera    TEXT PRIMARY KEY CHECK (camera <> ''),
    epoch     TEXT NOT NULL,                             -- newest session known, "incarnation.attempt.nonce"; older ones are refused
    stream    INTEGER NOT NULL DEFAULT -1,               -- committed position: everything up to it is settled; (-1, -1) before the first
    seq       INTEGER NOT NULL DEFAULT -1,
    CHECK ((stream = -1 AND seq = -1) OR (stream >= 0 AND seq >= 0))
) STRICT, WITHOUT ROWID;

-- one unbroken run of a camera's pictures
CREATE TABLE stream (
    camera      TEXT NOT NULL REFERENCES camera,
    stream      INTEGER NOT NULL CHECK (stream >= 0),
    frames      INTEGER CHECK (frames >= 0),             -- how many it has; NULL while it has no end
    reason      TEXT NOT NULL DEFAULT '',                -- why it ended: '' by itself, 'again', 'store-lost', of a live camera 'lost', 'resized', 'clock'
    last_commit INTEGER NOT NULL,                        -- archive.commits when it last grew or ended
    PRIMARY KEY (camera, stream),
    CHECK (frames IS NOT NULL OR reason = '')
) STRICT, WITHOUT ROWID;

-- the account: one row per frame, per run of drops, and per part of a frame that a stage made several of
CREATE TABLE frame (
    camera      TEXT NOT NULL,
    stream      INTEGER NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq >= 0),
    part        TEXT NOT NULL DEFAULT '',                -- '' the frame itself, '0', '1', '0.1': its parts
    count       INTEGER NOT NULL DEFAULT 1 CHECK (count >= 1),    -- how many positions from seq on this row stands for
    parts       INTEGER NOT NULL DEFAULT 0 CHECK (parts >= 0),    -- how many rows of parts belong to it
    outcome     TEXT NOT NULL CHECK (outcome IN ('kept', 'unchanged', 'filtered', 'rejected', 'dropped', 'failed')),
    reason      TEXT NOT NULL DEFAULT '',
    threshold   REAL,                                    -- what the deciding score was held against
    scores      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(scores)),    -- name: number; 0 means the same as the reference
    notes       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(notes)),     -- what the stages noted
    time_ns     INTEGER NOT NULL,                        -- captured, nanoseconds since 1970 UTC; of a run: its first
    media_ns    INTEGER,                                 -- in the video's own time; NULL where there is none
    source      TEXT NOT NULL DEFAULT '',                -- its name where it came from, such as a file's
    "index"     INTEGER,                                 -- 0-based place in the video or folder; NULL for a live camera
    file        TEXT UNIQUE,                             -- the kept picture, relative to the archive, with '/'; of a failed one: in quarantine
    bytes       INTEGER CHECK (bytes > 0),               -- size of that file
    sha256      TEXT CHECK (length(sha256) = 64),        -- of that file, in hex
    height      INTEGER,                                 -- of the kept picture, in pixels
    width       INTEGER,
    is_original INTEGER CHECK (is_original IN (0, 1)),   -- 1: the camera's own JPEG, byte for byte; 0: encoded by the archive
    gone        TEXT CHECK (gone IN ('missing', 'damaged', 'dropped', 'retried')),  -- why the file is no longer there: what verify has
                                                         -- found; of a quarantined one also what its user has decided
    PRIMARY KEY (camera, stream, seq, part),
    FOREIGN KEY (camera, stream) REFERENCES stream,
    CHECK (count = 1 OR (outcome = 'dropped' AND part = '' AND parts = 0)),
    CHECK (part = '' OR parts = 0),
    CHECK (file IS NULL OR outcome IN ('kept', 'failed')),
    CHECK (outcome = 'failed' OR gone IS NULL OR gone IN ('missing', 'damaged')),
    CHECK (file IS NOT NULL OR outcome <> 'kept' OR parts > 0),
    CHECK ((file IS NULL) = (bytes IS NULL) AND (file IS NULL) = (sha256 IS NULL)),
    CHECK (gone IS NULL OR file IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- what the stages remember of each camera at its committed position
CREATE TABLE memory (
    camera    TEXT NOT NULL REFERENCES camera,
    stage     TEXT NOT NULL,
    key       TEXT NOT NULL,
    value     BLOB NOT NULL,
    PRIMARY KEY (camera, stage, key)
) STRICT;

-- what happened beside the account: a stage that started fresh, a row that came again with another outcome
CREATE TABLE event (
    id        INTEGER PRIMARY KEY,
    time_ns   INTEGER NOT NULL,                          -- when it was recorded, nanoseconds since 1970 UTC
    camera    TEXT NOT NULL,                             -- '' when it concerns the archive as a whole
    kind      TEXT NOT NULL,
    text      TEXT NOT NULL
) STRICT;

-- frames in quarantine that their camera's next start is to try again, as new ones
CREATE TABLE retry (
    camera    TEXT NOT NULL,
    stream    INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (camera, stream, seq)
) STRICT, WITHOUT ROWID;

-- files a commit is about to write, or has let go of: noted before, gone with the commit; what a crash leaves is found here
CREATE TABLE pending (
    file      TEXT PRIMARY KEY,
    temp      TEXT NOT NULL,                             -- the name it is written under first
    sha256    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

TABLES: tuple[str, ...] = tuple(text for text in _TABLES.split(";\n\n"))
"""One statement each."""
