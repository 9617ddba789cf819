import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBase64Url } from "./base64.ts";
import { KeyRing } from "./key-ring.ts";
import { readKid, signingKeyId } from "./token-kid.ts";

function ring(current: string, ...keys: readonly (readonly [id: string, fill: number])[]): KeyRing {
  return new KeyRing(
    JSON.stringify({ current, keys: Object.fromEntries(keys.map(([id, fill]) => [id, toBase64Url(new Uint8Array(32).fill(fill))])) }),
  );
}
const keys = ring("k-2", ["k-1", 1], ["k-2", 2]);

describe("a kid", () => {
  it("[SU3] that the deployment made names its tenant and key, for every key of the ring", async () => {
    for (const ringId of ["k-1", "k-2"]) {
      for (const serial of [1, 9, 10, 4_294_967_295]) {
        const keyId = await signingKeyId(keys, ringId, "tenant-1", serial);
        expect(keyId).toMatch(new RegExp(`^${ringId}-${serial}-[0-9a-f]{16}$`));
        expect(await readKid(keys, `tenant-1.${keyId}`)).toEqual({ tenantId: "tenant-1", keyId });
      }
    }
  });

  it("[SU3] of another tenant, serial or ring, or whose key has left the ring, is nobody's", async () => {
    const keyId = await signingKeyId(keys, "k-1", "tenant-1", 7);
    for (const other of [
      `tenant-2.${keyId}`,
      `tenant-1.${keyId.replace("-7-", "-8-")}`,
      `tenant-1.${keyId.replace("-7-", "-07-")}`,
      `tenant-1.${keyId.replace("k-1-", "k-2-")}`,
      `tenant-1.${keyId.replace("k-1-", "k-3-")}`,
      `tenant-1.${keyId.replace("k-1-", "")}`,
    ])
      expect(await readKid(keys, other), other).toBeUndefined();
    expect(await readKid(ring("k-2", ["k-2", 2]), `tenant-1.${keyId}`)).toBeUndefined();
    expect(await readKid(ring("k-1", ["k-1", 3]), `tenant-1.${keyId}`), "another deployment's key of the same name").toBeUndefined();
  });

  it("[SU3] with any one character changed, left out or put in is nobody's", async () => {
    const genuine = `tenant-1.${await signingKeyId(keys, "k-2", "tenant-1", 12)}`;
    const chars = fc.constantFrom(..."0123456789abcdefk.-/\\%\u0000".split(""));
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(genuine.length - 1), fc.constantFrom(0, 1), fc.oneof(chars, fc.constant("")), async (at, remove, put) => {
        const forged = genuine.slice(0, at) + put + genuine.slice(at + remove);
        if (forged === genuine) return;
        tried += 1;
        expect(await readKid(keys, forged), forged).toBeUndefined();
      }),
      { seed: 4, numRuns: 500 },
    );
    expect(tried).toBeGreaterThan(300);
  });

  it("[SU3] that is none is nobody's", async () => {
    const zeros = "0".repeat(16);
    const texts = ["", ".", "a.b", `../../x.k-1-1-${zeros}`, `T.k-1-1-${zeros}`, `t.k-1-0-${zeros}`, "x".repeat(100_000)];
    for (const kid of [...texts, undefined, null, 7, {}, []]) expect(await readKid(keys, kid)).toBeUndefined();
  });
});
