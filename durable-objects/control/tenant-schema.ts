import type { Migration } from "../kit/object-kit.ts";

/** The Tenant object's own tables. Times are epoch milliseconds. */
export const TENANT_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "profile, keys and the audit chain",
    additive: true,
    up: `
      CREATE TABLE tenant_profile (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        slug TEXT NOT NULL,
        name TEXT NOT NULL,
        plan TEXT NOT NULL,
        settings TEXT NOT NULL,
        keys_version INTEGER NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE tenant_key (
        key_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        hint TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tenant_key_use (
        key_id TEXT PRIMARY KEY,
        last_used_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE audit_entry (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        actor_name TEXT NOT NULL,
        action TEXT NOT NULL,
        target TEXT NOT NULL,
        outcome TEXT NOT NULL,
        detail TEXT NOT NULL,
        request_id TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL
      ) STRICT;
      CREATE TABLE audit_head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        seq INTEGER NOT NULL,
        hash TEXT NOT NULL,
        denied_since INTEGER NOT NULL,
        denied_count INTEGER NOT NULL
      ) STRICT;
    `,
  },
  {
    id: 2,
    name: "end users: settings that grow, issuers, revocations, public things, hosts and signing keys",
    additive: true,
    up: `
      ALTER TABLE tenant_profile ADD COLUMN config_version INTEGER NOT NULL DEFAULT 1;
      ALTER TABLE tenant_profile ADD COLUMN settings_version INTEGER NOT NULL DEFAULT 1;
      ALTER TABLE tenant_profile ADD COLUMN revocation_seq INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE tenant_profile ADD COLUMN mail_secret TEXT;
      CREATE TABLE tenant_issuer (
        name TEXT PRIMARY KEY,
        iss TEXT NOT NULL,
        content TEXT,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tenant_host (
        host TEXT PRIMARY KEY,
        challenge TEXT NOT NULL,
        verified_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tenant_public (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        marked_at INTEGER NOT NULL,
        marked_by TEXT NOT NULL,
        PRIMARY KEY (kind, name)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tenant_revocation (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        before INTEGER NOT NULL,
        until INTEGER NOT NULL,
        UNIQUE (kind, id)
      ) STRICT;
      CREATE TABLE tenant_signing_key (
        serial INTEGER PRIMARY KEY,
        key_id TEXT NOT NULL,
        jwk TEXT NOT NULL,
        sealed TEXT,
        until INTEGER
      ) STRICT;
    `,
  },
  {
    id: 3,
    name: "how metrics are kept",
    additive: true,
    up: `
      CREATE TABLE tenant_metrics (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        settings TEXT NOT NULL,
        version INTEGER NOT NULL
      ) STRICT;
    `,
  },
];
