import { fromBase64Url, toHex } from "./base64.ts";
import type { BackupManifest } from "./backup-format.ts";
import type { KeyRing } from "./key-ring.ts";

/**
 * The 32 bytes that backups are sealed with when none are given: of one key of the ring, for this purpose and scope alone.
 * @param scope `node`, or a tenant's id
 */
export async function ringBackupSecret(ring: KeyRing, scope: string, ringId = ring.current): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = fromBase64Url(await ring.secret(`backup/${scope}`, ringId));
  if (!bytes) throw new Error("a secret of the ring is base64url");
  return bytes;
}

/** What proves, without the keys, which ring a backup belongs to. */
export async function ringProofs(ring: KeyRing, backupId: string): Promise<BackupManifest["ring"]> {
  return await Promise.all(ring.ids.map(async (id) => ({ id, proof: toHex(await ring.mac("backup-proof", id, backupId)) })));
}

/** Ids of keys that a backup's texts may need and this ring does not have, or has under the same name as another key. */
export async function missingKeys(ring: KeyRing, manifest: Pick<BackupManifest, "id" | "ring">): Promise<string[]> {
  const own = new Map((await ringProofs(ring, manifest.id)).map(({ id, proof }) => [id, proof]));
  return manifest.ring.filter(({ id, proof }) => own.get(id) !== proof).map(({ id }) => id);
}
