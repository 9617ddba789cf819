import { beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../contract/base64.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { digestOfSecret, rememberDigest, SECRET_DIGEST_LIMITS } from "./secret-digests.ts";

const { rememberedMs, secrets } = SECRET_DIGEST_LIMITS;

/** Whether the digest is the kept one: another call makes another array. */
async function isKept(secret: string, now: number): Promise<boolean> {
  return (await digestOfSecret(secret, now)) === (await digestOfSecret(secret, now));
}

async function keep(secret: string, now: number): Promise<void> {
  rememberDigest(secret, await digestOfSecret(secret, now), now);
}

describe("the digest of a secret", () => {
  beforeEach(clearIsolateCaches);

  it("[HT304] is that of its text, whether it is remembered or not", async () => {
    for (const _again of [1, 2]) {
      const digest = await digestOfSecret("s1", 0);
      expect(new TextDecoder().decode(digest)).toBe(await sha256Hex(new TextEncoder().encode("s1")));
      rememberDigest("s1", digest, 0);
    }
    expect(await digestOfSecret("s1", 1)).not.toEqual(await digestOfSecret("s2", 1));
  });

  it("[HT304] is remembered only once the secret was found good, and for a minute from then on, however often it comes", async () => {
    expect(await isKept("s1", 0)).toBe(false);
    await keep("s1", 0);
    expect(await isKept("s1", rememberedMs - 1)).toBe(true);
    await keep("s1", rememberedMs - 1);
    expect(await isKept("s1", rememberedMs)).toBe(false);
  });

  it("[HT304] of so many secrets at most, the least recently used goes first", async () => {
    for (let n = 0; n < secrets; n++) await keep(`s${n}`, 0);
    expect(await isKept("s0", 0)).toBe(true);
    await keep("one more", 0);
    expect([await isKept("s0", 0), await isKept("s1", 0)]).toEqual([true, false]);
  });
});
