import type { AccessConfig, AccessKnown, AccessSnapshot } from "../../contract/rpc/access.ts";
import { accessDelta } from "../../core/control/access-delta.ts";
import { REVOCATION_LIMITS } from "../../core/control/revocations.ts";
import { issuerView } from "./tenant-issuers.ts";
import type { Profile } from "./tenant-profile.ts";
import type { TenantStores } from "./tenant-stores.ts";

/** What an isolate that stands at `known` has to learn; reads only. */
export function accessSnapshot(profile: Profile, known: AccessKnown | null, stores: TenantStores, now: number): AccessSnapshot {
  const { keysVersion, configVersion, revocationSeq } = profile;
  const delta = accessDelta(known, { configVersion, revocationSeq });
  const found = stores.revocations.list(delta.afterSeq, now, REVOCATION_LIMITS.page + 1);
  const revocations = found.slice(0, REVOCATION_LIMITS.page);
  const more = found.length > revocations.length;
  return {
    keysVersion,
    configVersion,
    config: delta.config ? configOf(profile, stores, now) : null,
    revocations,
    revocationSeq: (more ? revocations.at(-1)?.seq : undefined) ?? revocationSeq,
    more,
  };
}

function configOf({ slug, settings }: Profile, stores: TenantStores, now: number): AccessConfig {
  return {
    slug,
    settings,
    metrics: stores.metrics.find().settings,
    issuers: stores.issuers.list().map(issuerView),
    publicThings: stores.publicThings.things(),
    signingKeys: stores.signingKeys.list(now).map(({ keyId, jwk, sealed, until }) => ({ keyId, jwk, sealed, until })),
  };
}
