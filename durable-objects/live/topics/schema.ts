/**
 * What a hub keeps of topics. A message's id is its topic's number times 2^32 and its offset: in the table's own order, without an index
 * beside it. Numbers of topics are never used again.
 */
export const TOPIC_TABLES = `
  CREATE TABLE topic (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    version INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    offset INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    keys INTEGER NOT NULL,
    removing INTEGER NOT NULL
  );
  CREATE TABLE topic_message (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    priority TEXT NOT NULL,
    key TEXT,
    version INTEGER,
    client_id TEXT NOT NULL,
    by TEXT NOT NULL
  );
  CREATE INDEX topic_message_sent ON topic_message (topic, client_id, by);
  CREATE TABLE topic_key (
    topic INTEGER NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    data TEXT NOT NULL,
    offset INTEGER NOT NULL,
    by TEXT NOT NULL
  );
  CREATE UNIQUE INDEX topic_key_of ON topic_key (topic, key);
  CREATE TABLE topic_conflict (id INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, conflict TEXT NOT NULL);
  CREATE TABLE topic_follower (topic INTEGER NOT NULL, hub INTEGER NOT NULL, PRIMARY KEY (topic, hub)) WITHOUT ROWID;
  CREATE TABLE topic_home (channel TEXT PRIMARY KEY, hub INTEGER, version INTEGER NOT NULL) WITHOUT ROWID;
`;
