import * as z from "zod";
import { FIRST_SETTINGS, settingsSchema, type TenantSettings } from "../../contract/settings.ts";

/** Rows may hold settings of a later release, which an older one that came back leaves out instead of refusing the tenant. */
const storedSchema = z.object({
  ...settingsSchema.shape,
  hostedAccounts: z.object(settingsSchema.shape.hostedAccounts.shape),
});
const partsSchema = z.looseObject({ hostedAccounts: z.looseObject({}).optional() });

/**
 * Settings as they were stored, possibly by an older version that knew fewer fields.
 * @throws when they cannot be read: a tenant with unreadable settings refuses service rather than falling back to defaults
 */
export function readSettings(stored: string): TenantSettings {
  const parts = partsSchema.parse(JSON.parse(stored));
  return storedSchema.parse({ ...FIRST_SETTINGS, ...parts, hostedAccounts: { ...FIRST_SETTINGS.hostedAccounts, ...parts.hostedAccounts } });
}

/** The settings an operator asked for, each origin and host once, in a stable order, so that equal wishes are equal text. */
export function normalSettings({ origins, hosts, defaultGrants, hostedAccounts, hubs }: TenantSettings): TenantSettings {
  const { enabled, guests, mailWebhookUrl } = hostedAccounts;
  return {
    origins: sortedOnce(origins),
    hosts: sortedOnce(hosts),
    defaultGrants: defaultGrants.map(({ kind, name, actions }) => ({ kind, name, actions })),
    hostedAccounts: { enabled, guests, mailWebhookUrl },
    ...(hubs !== undefined && { hubs }),
  };
}

/** Names of the settings that differ, for the audit log. */
export function changedSettings(before: TenantSettings, after: TenantSettings): (keyof TenantSettings)[] {
  const names: (keyof TenantSettings)[] = ["origins", "hosts", "defaultGrants", "hostedAccounts", "hubs"];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** Only the named settings. */
export function partOf(settings: TenantSettings, names: readonly (keyof TenantSettings)[]): Partial<TenantSettings> {
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

function sortedOnce(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
