import * as z from "zod";
import type { Tenant } from "../../contract/access.ts";
import { PLAN_NAMES } from "../../contract/plans.ts";
import type { TenantSettings } from "../../contract/settings.ts";
import { readSettings } from "../../core/control/settings.ts";

const versionsSchema = z.object({
  keys_version: z.number().int(),
  config_version: z.number().int(),
  settings_version: z.number().int(),
  revocation_seq: z.number().int(),
});
const VERSIONS = "keys_version, config_version, settings_version, revocation_seq";

const rowSchema = versionsSchema.extend({
  slug: z.string(),
  name: z.string(),
  plan: z.enum(PLAN_NAMES),
  settings: z.string(),
  created_at: z.number().int(),
  mail_secret: z.string().nullable(),
});

export interface ProfileVersions {
  /** Rises with whatever isolates remember. */
  readonly keysVersion: number;
  /** Rises with what an isolate holds of the tenant but revocations, see `AccessConfig`. */
  readonly configVersion: number;
  /** Rises with the settings alone: what `If-Match` names. */
  readonly settingsVersion: number;
  /** Of the last revocation that was ever made. */
  readonly revocationSeq: number;
}

export interface Profile extends ProfileVersions {
  readonly slug: string;
  readonly name: string;
  readonly plan: Tenant["plan"];
  readonly settings: TenantSettings;
  readonly createdAt: number;
  /** Sealed with the key ring for `mail-secret`. */
  readonly mailSecret: string | null;
}

/** What a tenant has before anything happened. */
export const FIRST_VERSIONS: ProfileVersions = { keysVersion: 1, configVersion: 1, settingsVersion: 1, revocationSeq: 0 };

/** What else than keys an advance is about. */
export interface Advance {
  readonly config?: true;
  readonly settings?: TenantSettings;
  readonly revocation?: true;
}

/** The one row that says a tenant exists, and what it is. */
export class ProfileStore {
  readonly #sql: SqlStorage;
  /** Every entry point reads the profile, and reading settings costs more than comparing their text. */
  #lastRead: { readonly text: string; readonly settings: TenantSettings } | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined until the tenant is created. @throws when the row cannot be read */
  find(): Profile | undefined {
    const [row] = this.#sql.exec(`SELECT slug, name, plan, settings, created_at, mail_secret, ${VERSIONS} FROM tenant_profile`).toArray();
    if (!row) return undefined;
    const { slug, name, plan, settings: text, created_at, mail_secret, ...versions } = rowSchema.parse(row);
    if (this.#lastRead?.text !== text) this.#lastRead = { text, settings: readSettings(text) };
    const { settings } = this.#lastRead;
    return { slug, name, plan, settings, createdAt: created_at, mailSecret: mail_secret, ...versionsOf(versions) };
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

  /** Raises `keysVersion`, by which isolates notice that what they remember is old, and the other versions that it is about. */
  advance({ config, settings, revocation }: Advance = {}): ProfileVersions {
    const row = this.#sql
      .exec(
        `UPDATE tenant_profile SET keys_version = keys_version + 1, config_version = config_version + ?,
         settings_version = settings_version + ?, revocation_seq = revocation_seq + ?, settings = coalesce(?, settings)
         RETURNING ${VERSIONS}`,
        config || settings ? 1 : 0,
        settings ? 1 : 0,
        revocation ? 1 : 0,
        settings ? JSON.stringify(settings) : null,
      )
      .one();
    return versionsOf(versionsSchema.parse(row));
  }

  /** Isolates do not hold it: no version rises. */
  putMailSecret(sealed: string): void {
    this.#sql.exec("UPDATE tenant_profile SET mail_secret = ?", sealed);
  }
}

function versionsOf(row: z.infer<typeof versionsSchema>): ProfileVersions {
  return {
    keysVersion: row.keys_version,
    configVersion: row.config_version,
    settingsVersion: row.settings_version,
    revocationSeq: row.revocation_seq,
  };
}
