import { cryptoRandom } from "../../contract/ids.ts";
import type { Outcome } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { KeyRing } from "../../contract/key-ring.ts";
import { logLine } from "../kit/log.ts";
import type { TenantDesk } from "./tenant-desk.ts";
import { makeMailSecret, putMailSecret } from "./tenant-settings-commands.ts";
import type { SigningDesk } from "./tenant-signing.ts";

const MAIL_SECRET = "mail-secret";

/** Makes the secret that signs mails. Only its sealed text is kept, so the answer is the one time that it can be read. */
export async function newMailSecret(desk: TenantDesk, ring: () => KeyRing, meta: CallMeta): Promise<Outcome<{ secret: string }>> {
  return await desk.changeAfter(
    meta,
    async () => {
      const secret = makeMailSecret(cryptoRandom);
      return { secret, sealed: await ring().encrypt(MAIL_SECRET, Uint8Array.from(new TextEncoder().encode(secret))) };
    },
    ({ secret, sealed }, change) => putMailSecret(change, secret, () => desk.stores.profile.putMailSecret(sealed)),
    { secret: true },
  );
}

/** Makes anew, with the ring's current key, what an older one sealed: a signing key is replaced, the mail secret sealed again. */
export async function resealTenant(desk: TenantDesk, signing: SigningDesk, ring: KeyRing): Promise<MaintenanceReport<{ type: "reseal" }>> {
  if (!desk.stores.profile.find()) return { resealed: 0, more: false };
  const signed = desk.stores.signingKeys.current() !== undefined && (await signing.ensure(ring));
  const mailed = await resealMailSecret(desk, ring);
  return { resealed: Number(signed) + Number(mailed), more: false };
}

async function resealMailSecret(desk: TenantDesk, ring: KeyRing): Promise<boolean> {
  const { profile } = desk.stores;
  const sealed = profile.find()?.mailSecret ?? null;
  if (sealed === null || !ring.isOutdated(sealed)) return false;
  const plain = await ring.decrypt(MAIL_SECRET, sealed);
  if (!plain) {
    // Its key left the ring too early. An operator makes a new secret; until then mails of this tenant cannot be signed.
    logLine("error", "the mail secret cannot be opened with this key ring", { tenant: desk.kit.address.tenantId });
    return false;
  }
  const anew = await ring.encrypt(MAIL_SECRET, plain);
  return desk.kit.transaction(() => {
    if (profile.find()?.mailSecret !== sealed) return false; // made anew meanwhile
    profile.putMailSecret(anew);
    return true;
  });
}
