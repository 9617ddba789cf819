import { type RandomBytes, randomText } from "../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { SettingsView, TenantSettings } from "../../contract/settings.ts";
import { changedSettings, normalSettings, partOf } from "../../core/control/settings.ts";
import { audited, type TenantChange } from "./tenant-change.ts";
import { tenantEventData } from "./tenant-desk.ts";
import { type HostStore, hostView } from "./tenant-hosts.ts";
import type { Profile } from "./tenant-profile.ts";

/** 160 random bits: nobody finds the value that proves a host by trying. */
const CHALLENGE_CHARS = 32;

export interface VersionedSettings {
  readonly view: SettingsView;
  readonly version: number;
}

export function settingsView({ settings, settingsVersion, mailSecret }: Profile, hosts: HostStore): VersionedSettings {
  return { view: { settings, hosts: hosts.list().map(hostView), mailSecretSet: mailSecret !== null }, version: settingsVersion };
}

/** Puts settings in place of the former. The same again changes nothing. A new host gets its challenge, one that is left out loses its proof. */
export function putSettings(
  change: TenantChange,
  settings: TenantSettings,
  expectedVersion: number | undefined,
  hosts: HostStore,
  random: RandomBytes,
): Outcome<VersionedSettings> {
  const { profile } = change;
  if (expectedVersion !== undefined && expectedVersion !== profile.settingsVersion)
    return refuse("precondition-failed", "The settings were changed meanwhile; read them again and repeat your change.");
  const wanted = normalSettings(settings);
  const changed = changedSettings(profile.settings, wanted);
  if (changed.length === 0) return accept(settingsView(profile, hosts));
  return audited(
    change,
    { action: "tenant.change-settings", target: "tenant", detail: { changed } },
    () => {
      const former = new Set(hosts.list().map(({ host }) => host));
      for (const host of wanted.hosts) if (!former.delete(host)) hosts.insert(host, randomText(CHALLENGE_CHARS, random));
      for (const host of former) hosts.delete(host);
      const next: Profile = { ...profile, settings: wanted, ...change.advance({ settings: wanted }) };
      change.emit({ type: "meridian.tenant.changed", subject: "tenant", data: tenantEventData(next, change.meta) });
      return accept(settingsView(next, hosts));
    },
    () => ({ before: partOf(profile.settings, changed), after: partOf(wanted, changed) }),
  );
}

/** The proof of a host was found. Saying so again changes nothing. */
export function noteHostVerified(change: TenantChange, host: string, hosts: HostStore): Outcome<SettingsView> {
  const { profile } = change;
  const known = hosts.list().find((record) => record.host === host);
  if (!known) return refuse("not-found", "This host is not in the tenant's settings.");
  if (known.verifiedAt !== null) return accept(settingsView(profile, hosts).view);
  return audited(
    change,
    { action: "tenant.verify-host", target: `host/${host}`, detail: {} },
    () => {
      hosts.verify(host, change.now);
      const next: Profile = { ...profile, ...change.advance({ config: true }) };
      change.emit({ type: "meridian.tenant.changed", subject: "tenant", data: tenantEventData(next, change.meta) });
      return accept(settingsView(next, hosts).view);
    },
    () => ({}),
  );
}

/** A secret in the form of Standard Webhooks: `whsec_` and base64 of 24 random bytes. */
export function makeMailSecret(random: RandomBytes): string {
  return `whsec_${btoa(String.fromCharCode(...random(new Uint8Array(24))))}`;
}

/** The sealed secret takes the place of the former, which stops at once. */
export function putMailSecret(change: TenantChange, secret: string, put: () => void): Outcome<{ secret: string }> {
  return audited(
    change,
    { action: "tenant.make-mail-secret", target: "tenant", detail: { replaces: change.profile.mailSecret !== null } },
    () => {
      put();
      return accept({ secret });
    },
    () => ({}),
  );
}
