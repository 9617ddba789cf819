import { beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../contract/base64.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { digestOfSecret, rememberDigest, rememberedDigest, SECRET_DIGEST_LIMITS } from "./secret-digests.ts";

const { rememberedMs, secrets } = SECRET_DIGEST_LIMITS;

const isKept = (secret: string, now: number): boolean => rememberedDigest(secret, now) !== undefined;

async function keep(secret: string, now: number): Promise<void> {
  rememberDigest(secret, await digestOfSecret(secret), now);
}

describe("the digest of a secret", () => {
  beforeEach(clearIsolateCaches);

  it("[HT304] is that of its text, whether it is remembered or not", async () => {
    const digest = await digestOfSecret("s1");
    expect(new TextDecoder().decode(digest)).toBe(await sha256Hex(new TextEncoder().encode("s1")));
    rememberDigest("s1", digest, 0);
    expect(rememberedDigest("s1", 1)).toEqual(digest);
    expect(rememberedDigest("s2", 1)).toBeUndefined();
  });

  it("[HT304] is remembered only once the secret was found good, and for a minute from then on, however often it comes", async () => {
    expect(isKept("s1", 0)).toBe(false);
    await keep("s1", 0);
    expect(isKept("s1", rememberedMs - 1)).toBe(true);
    await keep("s1", rememberedMs - 1);
    expect(isKept("s1", rememberedMs)).toBe(false);
  });

  it("[HT304] of so many secrets at most, the least recently used goes first", async () => {
    for (let n = 0; n < secrets; n++) await keep(`s${n}`, 0);
    expect(isKept("s0", 0)).toBe(true);
    await keep("one more", 0);
    expect([isKept("s0", 0), isKept("s1", 0)]).toEqual([true, false]);
  });
});
