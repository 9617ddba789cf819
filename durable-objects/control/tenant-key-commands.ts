import type { Key, KeyCreate, KeyCreated } from "../../contract/access.ts";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { type RandomBytes, randomText } from "../../contract/ids.ts";
import type { Page } from "../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { decideKeyCreate, KEY_FORMAT, keyState } from "../../core/control/keys.ts";
import { sha256Hex } from "./tenant-audit.ts";
import { audited, type TenantChange } from "./tenant-change.ts";
import { type KeyRecord, type KeyStore, keyView } from "./tenant-keys.ts";

/** Makes a key. Only the hash of its secret is kept, so the answer is the one time that it can be read. */
export function createKey(change: TenantChange, input: KeyCreate, keys: KeyStore, random: RandomBytes): Outcome<KeyCreated> {
  const { now, profile, tenantId } = change;
  const keyId = randomText(KEY_FORMAT.idChars, random);
  const detail = { name: input.name, scopes: input.scopes, expiresAt: input.expiresAt ?? null };
  return audited(
    change,
    { action: "key.create", target: `key/${keyId}`, detail },
    () => {
      const decided = decideKeyCreate(input, profile.plan, keys.countActive(now), now);
      if (!decided.ok) return decided;
      const secret = randomText(KEY_FORMAT.secretChars, random);
      const record: KeyRecord = {
        keyId,
        name: input.name,
        hint: `mrd_${tenantId}_${keyId}_${secret.slice(0, KEY_FORMAT.hintChars)}`,
        secretHash: sha256Hex(secret),
        scopes: [...new Set(input.scopes)].sort(),
        createdAt: now,
        createdBy: change.meta.actor,
        expiresAt: decided.value,
        revokedAt: null,
        lastUsedAt: null,
      };
      keys.insert(record);
      emitKey(change, "meridian.key.created", record);
      return accept({ ...keyView(record, now), secret: `mrd_${tenantId}_${keyId}_${secret}` });
    },
    () => ({}),
  );
}

/** Ends a key for good. Revoking it again answers the same and changes nothing. */
export function revokeKey(change: TenantChange, keyId: string, keys: KeyStore): Outcome<Key> {
  const known = keys.find(keyId);
  if (!known) return refuse("not-found", "There is no key with this id.");
  if (known.revokedAt !== null) return accept(keyView(known, change.now));
  return audited(
    change,
    { action: "key.revoke", target: `key/${keyId}`, detail: { name: known.name } },
    () => {
      keys.revoke(keyId, change.now);
      const revoked = { ...known, revokedAt: change.now };
      emitKey(change, "meridian.key.revoked", revoked);
      return accept(keyView(revoked, change.now));
    },
    () => ({ was: keyState(known, change.now) }),
  );
}

/** Newest first. */
export function listKeys(keys: KeyStore, page: { limit: number; cursor?: string }, now: number): Outcome<Page<Key>> {
  const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, ["number", "string"]);
  if (page.cursor !== undefined && !after) {
    return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the newest key.");
  }
  const found = keys.list(page.limit + 1, after && { createdAt: Number(after[0]), keyId: String(after[1]) });
  const shown = found.slice(0, page.limit);
  const last = shown.at(-1);
  const more = found.length > page.limit && last !== undefined;
  return accept({
    items: shown.map((key) => keyView(key, now)),
    nextCursor: more ? encodeCursor([last.createdAt, last.keyId]) : null,
  });
}

/** The whole key but its secret, so that a projection needs no other event to be right. Times are epoch milliseconds. */
function emitKey(change: TenantChange, type: "meridian.key.created" | "meridian.key.revoked", key: KeyRecord): void {
  const { keyId, name, scopes, createdAt, expiresAt, revokedAt } = key;
  const { keysVersion } = change.advance();
  change.emit({
    type,
    subject: `key/${keyId}`,
    data: { keyId, name, scopes, createdAt, expiresAt, revokedAt, keysVersion, actor: change.meta.actor },
  });
}
