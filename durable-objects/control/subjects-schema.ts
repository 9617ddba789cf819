import type { Migration } from "../kit/object-kit.ts";

/**
 * The Subjects object's own tables. Times are epoch milliseconds unless a column says day (since 1970): days are indexed, so
 * that a row that is used all the time moves in its index once a day.
 */
export const SUBJECTS_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "accounts, addresses, families and log-ins",
    additive: true,
    up: `
      CREATE TABLE account (
        issuer TEXT NOT NULL,
        sub TEXT NOT NULL,
        ref TEXT NOT NULL,
        name TEXT NOT NULL,
        avatar_url TEXT,
        guest INTEGER NOT NULL,
        email TEXT,
        email_digest TEXT,
        password_hash TEXT,
        created_at INTEGER NOT NULL,
        upgraded_at INTEGER,
        last_seen_at INTEGER NOT NULL,
        written_at INTEGER NOT NULL,
        PRIMARY KEY (issuer, sub)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tombstone (ref TEXT PRIMARY KEY, deleted_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE voided_claim (claim_id TEXT PRIMARY KEY, voided_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE email_claim (
        email_digest TEXT PRIMARY KEY,
        sub TEXT NOT NULL,
        ref TEXT NOT NULL,
        claim_id TEXT NOT NULL,
        claimed_at INTEGER NOT NULL,
        finished INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX email_claim_sub ON email_claim (sub);
      CREATE TABLE verification (
        token_hash TEXT PRIMARY KEY,
        email_digest TEXT NOT NULL,
        sub TEXT,
        email TEXT,
        password_hash TEXT,
        name TEXT,
        opened_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX verification_email ON verification (email_digest);

      CREATE TABLE login_bucket (
        email_digest TEXT NOT NULL,
        place TEXT NOT NULL,
        tat REAL NOT NULL,
        until INTEGER NOT NULL,
        waits INTEGER NOT NULL,
        rests_at INTEGER NOT NULL,
        PRIMARY KEY (email_digest, place)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE known_place (
        email_digest TEXT NOT NULL,
        place TEXT NOT NULL,
        last_day INTEGER NOT NULL,
        PRIMARY KEY (email_digest, place)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX known_place_day ON known_place (last_day);

      CREATE TABLE refresh_family (
        family_id TEXT PRIMARY KEY,
        issuer TEXT NOT NULL,
        sub TEXT NOT NULL,
        name TEXT NOT NULL,
        avatar_url TEXT,
        guest INTEGER NOT NULL,
        key_id TEXT,
        grants TEXT,
        ttl_seconds INTEGER NOT NULL,
        user_agent TEXT,
        newest TEXT NOT NULL,
        twin TEXT,
        previous TEXT,
        previous_at INTEGER,
        used BLOB NOT NULL,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER NOT NULL,
        ends_day INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX refresh_family_subject ON refresh_family (issuer, sub);
      CREATE INDEX refresh_family_ends ON refresh_family (ends_day);
      CREATE TABLE family_end (issuer TEXT PRIMARY KEY, before INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
];
