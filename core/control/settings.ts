import { tenantSchema, type Tenant } from "../../contract/access.ts";

export type TenantSettings = Tenant["settings"];

/** What a new tenant starts with. */
export const FIRST_SETTINGS: TenantSettings = { origins: [] };

/**
 * Settings as they were stored, possibly by an older version that knew fewer fields.
 * @throws when they cannot be read: a tenant with unreadable settings refuses service rather than falling back to defaults
 */
export function readSettings(stored: string): TenantSettings {
  return tenantSchema.shape.settings.parse({ ...FIRST_SETTINGS, ...(JSON.parse(stored) as object) }); // JSON of an object; the schema checks the rest
}

/** The settings an operator asked for, each origin once, in a stable order, so that equal wishes are equal text. */
export function normalSettings(wanted: TenantSettings): TenantSettings {
  return { origins: [...new Set(wanted.origins)].sort() };
}

/** Names of the settings that differ, for the audit log. */
export function changedSettings(before: TenantSettings, after: TenantSettings): string[] {
  return Object.keys(FIRST_SETTINGS).filter((key) => {
    const name = key as keyof TenantSettings; // keys of FIRST_SETTINGS are exactly the settings
    return JSON.stringify(before[name]) !== JSON.stringify(after[name]);
  });
}
