import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { getTableName, is } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { SQLiteTable } from "drizzle-orm/sqlite-core";
import { beforeAll, describe, expect, it } from "vitest";
import * as live from "./live-schema.ts";
import * as control from "./schema.ts";
import { type Fixtures, upgradeWithRows } from "./upgrade-testing.ts";

/** One row of every table as the first migration made it. A migration that adds a table adds its row here, under its own name. */
const FIXTURES: Fixtures = {
  "0000_identity_and_control.sql": [
    "INSERT INTO identity_user (id, name, email, created_at, updated_at) VALUES ('u1', 'Ada', 'ada@example.com', 1, 1)",
    "INSERT INTO identity_session (id, token, user_id, expires_at, created_at, updated_at) VALUES ('s1', 't', 'u1', 2, 1, 1)",
    "INSERT INTO identity_account (id, account_id, provider_id, user_id, created_at, updated_at) VALUES ('a1', 'u1', 'credential', 'u1', 1, 1)",
    "INSERT INTO identity_verification (id, identifier, value, expires_at, created_at, updated_at) VALUES ('v1', 'i', 'v', 2, 1, 1)",
    "INSERT INTO identity_organization (id, name, slug, created_at) VALUES ('o1', 'Acme', 'acme', 1)",
    "INSERT INTO identity_member (id, organization_id, user_id, role, created_at) VALUES ('m1', 'o1', 'u1', 'owner', 1)",
    `INSERT INTO identity_invitation (id, organization_id, email, role, inviter_id, token_hash, expires_at, created_at)
     VALUES ('i1', 'o1', 'bob@example.com', 'viewer', 'u1', 'h', 2, 1)`,
    "INSERT INTO control_tenant (tenant_id, slug, name, plan, settings, keys_version, seq) VALUES ('o1', 'acme', 'Acme', 'free', '{}', 1, 1)",
    "INSERT INTO control_key (tenant_id, key_id, name, scopes, created_at, seq) VALUES ('o1', 'k1', 'ci', '[]', 1, 1)",
    "INSERT INTO control_object (tenant_id, kind, name, created_at) VALUES ('o1', 'tenant', 'main', 1)",
    "INSERT INTO control_outbox (tenant_id, id, meta, note, event, created_at) VALUES ('o1', 'e1', '{}', '{}', '{}', 1)",
    "INSERT INTO control_idempotency (tenant_id, actor, key, route, body_hash, created_at) VALUES ('o1', 'user:u1', 'k', 'r', 'h', 1)",
  ],
  "0001_end_users_and_second_factors.sql": [
    "INSERT INTO identity_two_factor (id, secret, backup_codes, user_id) VALUES ('f1', 's', 'b', 'u1')",
    `INSERT INTO identity_passkey (id, public_key, user_id, credential_id, counter, device_type, backed_up)
     VALUES ('p1', 'k', 'u1', 'c', 0, 'singleDevice', 0)`,
    `INSERT INTO identity_subject (tenant_id, ref, issuer, sub, name, guest, created_at, last_seen_at, search, source, seq)
     VALUES ('o1', 'r', 'hosted', 's', 'Ann', 0, 1, 1, 'ann', 'o1/subjects/0', 1)`,
    "INSERT INTO control_host (host, tenant_id, verified_at) VALUES ('api.example.com', 'o1', 1)",
    "INSERT INTO control_backup (id, scope, state, started_at, target) VALUES ('b1', 'node', 'done', 1, 'folder')",
    "INSERT INTO control_reseal_walk (ring_id, started_at) VALUES ('k1', 1)",
  ],
  "0002_leaderboards.sql": [
    `INSERT INTO leaderboard_board (tenant_id, board, config, version, state, created_at, updated_at)
     VALUES ('o1', 'daily-run', '{}', 1, 'live', 1, 1)`,
    "INSERT INTO leaderboard_mode (tenant_id, mode, defaults, updated_at) VALUES ('o1', 'raid', '{}', 1)",
  ],
  "0004_rooms.sql": [
    `INSERT INTO room_catalogue (tenant_id, room, kind, settings, members, version, state, declared, created_at, updated_at)
     VALUES ('o1', 'lobby', 'group', '{}', '[]', 1, 'live', 0, 1, 1)`,
  ],
  "0005_topics.sql": [
    `INSERT INTO topic_catalogue (tenant_id, topic, settings, hub, version, state, created_at, updated_at)
     VALUES ('o1', 'topic/news', '{}', 1, 1, 'live', 1, 1)`,
  ],
};

const schema = { ...control, ...live };
const tables: SQLiteTable[] = Object.values(schema).filter((value) => is(value, SQLiteTable));

describe("the migrations of DB", () => {
  beforeAll(async () => {
    await reset();
    await upgradeWithRows(env.DB, env.TEST_MIGRATIONS.db, FIXTURES);
  });

  it("[AC32] keep a row of every table through every later migration", async () => {
    const db = drizzle(env.DB, { schema });
    expect(tables.length).toBeGreaterThanOrEqual(12);
    // Naming every column, so that a column of the schema which no migration made fails here too.
    for (const table of tables) expect(await db.select().from(table), getTableName(table)).toHaveLength(1);
  });

  it("[AC32] hold what the code relies on: one account per address, one membership per person and tenant, one tenant per slug", async () => {
    const refused = [
      "INSERT INTO identity_user (id, name, email, created_at, updated_at) VALUES ('u2', 'Eve', 'ada@example.com', 1, 1)",
      "INSERT INTO identity_member (id, organization_id, user_id, role, created_at) VALUES ('m2', 'o1', 'u1', 'viewer', 1)",
      "INSERT INTO identity_organization (id, name, slug, created_at) VALUES ('o2', 'Other', 'acme', 1)",
      "INSERT INTO identity_session (id, token, user_id, expires_at, created_at, updated_at) VALUES ('s2', 't', 'u1', 2, 1, 1)",
      "INSERT INTO control_outbox (tenant_id, id, meta, note, event, created_at) VALUES ('o1', 'e1', '{}', '{}', '{}', 1)",
    ];
    for (const statement of refused) await expect(env.DB.prepare(statement).run(), statement).rejects.toThrow("UNIQUE");
  });
});
