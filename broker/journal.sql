-- One file a business day. An event row is never changed: the next hash covers it.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,       -- ISO 8601, UTC
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    node TEXT NOT NULL,     -- who asked
    command TEXT NOT NULL,  -- under which id
    body TEXT NOT NULL,     -- JSON
    hash TEXT NOT NULL      -- SHA-256 of the hash before and of this row
) STRICT;
CREATE TABLE answer (
    node TEXT NOT NULL,
    command TEXT NOT NULL,
    body TEXT NOT NULL,     -- JSON
    PRIMARY KEY (node, command)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot (     -- the last one, of one row
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,   -- the hall as of this event
    shape TEXT NOT NULL,    -- of the program that wrote it
    body BLOB NOT NULL,     -- MessagePack, zlib
    seal TEXT NOT NULL      -- SHA-256 of that event's hash, shape and body
) STRICT;
