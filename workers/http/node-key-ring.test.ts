import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toBase64Url } from "../../contract/base64.ts";
import { installKeyRing, keyRing } from "../../contract/key-ring.ts";
import { pullKeyRing } from "./node-key-ring.ts";

const key = (fill: number) => toBase64Url(new Uint8Array(32).fill(fill));
const ring = (current: string, version?: number) =>
  JSON.stringify({ current, keys: { k1: key(1), k2: key(2) }, ...(version === undefined ? {} : { version }) });

const own = { KEY_RING: ring("k1", 3) };
const node = (text: string, status = 200) => ({
  ...own,
  NODE: { fetch: async () => new Response(text, { status }) } as unknown as Fetcher,
}); // the one method that is used
const reset = () => installKeyRing(own, null);
beforeEach(reset);
afterEach(reset);

describe("a key ring that is pulled from the node", () => {
  it("[ND29] is in force for everybody in this isolate from then on", async () => {
    const before = await keyRing(own).sign("session", new Uint8Array([1]));
    await pullKeyRing(node(ring("k2", 4)));
    expect(keyRing(own).current).toBe("k2");
    expect(keyRing({ KEY_RING: ring("k1", 3) }).current).toBe("k2");
    expect(await keyRing(own).verify("session", before)).toEqual(new Uint8Array([1]));
  });

  it("[ND29] is not taken when it is an earlier edit, no ring, or not given", async () => {
    await pullKeyRing(node(ring("k2", 5)));
    await pullKeyRing(node(ring("k1", 4)));
    expect(keyRing(own).current).toBe("k2");
    await expect(pullKeyRing(node("{}"))).rejects.toThrow("KEY_RING lacks");
    await expect(pullKeyRing(node(ring("k1", 6), 500))).rejects.toThrow("did not hand out");
    await expect(pullKeyRing(node(JSON.stringify({ ...(JSON.parse(ring("k1")) as object), version: "7" })))).rejects.toThrow(
      "whole number",
    );
    expect(keyRing(own).current).toBe("k2");
  });

  it("[ND29] may be one without a version, and changes nothing where there is no node", async () => {
    await pullKeyRing(node(ring("k2")));
    expect(keyRing(own).current).toBe("k2");
    reset();
    expect((await pullKeyRing(own)).current).toBe("k1");
  });
});
