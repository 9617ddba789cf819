import { z } from "zod";
import type { Tenant } from "../../contract/access.ts";
import { PLAN_NAMES } from "../../contract/plans.ts";
import { readSettings, type TenantSettings } from "../../core/control/settings.ts";

const rowSchema = z.object({
  slug: z.string(),
  name: z.string(),
  plan: z.enum(PLAN_NAMES),
  settings: z.string().transform(readSettings),
  keys_version: z.number().int(),
  created_at: z.number().int(),
});

export interface Profile {
  readonly slug: string;
  readonly name: string;
  readonly plan: Tenant["plan"];
  readonly settings: TenantSettings;
  readonly keysVersion: number;
  readonly createdAt: number;
}

/** The one row that says a tenant exists, and what it is. */
export class ProfileStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined until the tenant is created. @throws when the row cannot be read */
  find(): Profile | undefined {
    const [row] = this.#sql.exec("SELECT slug, name, plan, settings, keys_version, created_at FROM tenant_profile").toArray();
    if (!row) return undefined;
    const { slug, name, plan, settings, keys_version, created_at } = rowSchema.parse(row);
    return { slug, name, plan, settings, keysVersion: keys_version, createdAt: created_at };
  }

  insert(profile: Profile): void {
    this.#sql.exec(
      "INSERT INTO tenant_profile (one, slug, name, plan, settings, keys_version, created_at) VALUES (1, ?, ?, ?, ?, ?, ?)",
      profile.slug,
      profile.name,
      profile.plan,
      JSON.stringify(profile.settings),
      profile.keysVersion,
      profile.createdAt,
    );
  }

  /** Raises `keysVersion`, by which isolates notice that what they remember is old; with new settings when given. */
  advance(settings?: TenantSettings): number {
    const row = this.#sql
      .exec(
        "UPDATE tenant_profile SET keys_version = keys_version + 1, settings = coalesce(?, settings) RETURNING keys_version",
        settings ? JSON.stringify(settings) : null,
      )
      .one();
    return z.object({ keys_version: z.number().int() }).parse(row).keys_version;
  }
}
