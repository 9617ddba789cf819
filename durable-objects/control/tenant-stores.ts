import { AuditStore } from "./tenant-audit.ts";
import { HostStore } from "./tenant-hosts.ts";
import { IssuerStore } from "./tenant-issuers.ts";
import { KeyStore } from "./tenant-keys.ts";
import { MetricSettingsStore } from "./tenant-metric-settings.ts";
import { ProfileStore } from "./tenant-profile.ts";
import { PublicStore } from "./tenant-public.ts";
import { RevocationStore } from "./tenant-revocations.ts";
import { SigningKeyStore } from "./tenant-signing-keys.ts";

/** Everything that the Tenant object keeps. */
export interface TenantStores {
  readonly profile: ProfileStore;
  readonly keys: KeyStore;
  readonly audit: AuditStore;
  readonly issuers: IssuerStore;
  readonly hosts: HostStore;
  readonly metrics: MetricSettingsStore;
  readonly publicThings: PublicStore;
  readonly revocations: RevocationStore;
  readonly signingKeys: SigningKeyStore;
}

export function tenantStores(sql: SqlStorage): TenantStores {
  return {
    profile: new ProfileStore(sql),
    keys: new KeyStore(sql),
    audit: new AuditStore(sql),
    issuers: new IssuerStore(sql),
    hosts: new HostStore(sql),
    metrics: new MetricSettingsStore(sql),
    publicThings: new PublicStore(sql),
    revocations: new RevocationStore(sql),
    signingKeys: new SigningKeyStore(sql),
  };
}
