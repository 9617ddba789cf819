import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeyRing } from "../../contract/key-ring.ts";
import { digestsOf, type RingStatus } from "../serve/ring-status.ts";
import { addKey, newRing, readRing, refuseRetire, type Ring, ringText, rotateRing, withoutKey } from "./ring-edit.ts";

const makeKey = () => randomBytes(32).toString("base64url");
const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-11-20T12:00:00.000Z");

function statusOf(ring: Ring, walk: Partial<RingStatus["walk"]> | null = {}): RingStatus {
  const done = { ringId: ring.current, startedAt: NOW - 8 * DAY_MS, finishedAt: NOW - 8 * DAY_MS, ...walk };
  return { v: 1, file: "/ring.json", current: ring.current, digests: digestsOf(ringText(ring)), walk: walk === null ? null : done };
}

describe("edits of a key ring", () => {
  it("[ND26] are read by the platform as they are written", () => {
    let ring = newRing(makeKey);
    ring = rotateRing(addKey(ring, makeKey).ring, makeKey).ring;
    expect(readRing(ringText(ring))).toEqual(ring);
    const read = new KeyRing(ringText(ring));
    expect(read.ids).toEqual(["k2", "k1"]);
    expect(new KeyRing(ringText(newRing(makeKey))).isOlderThan(read)).toBe(true);
    expect(read.isOlderThan(new KeyRing(ringText(newRing(makeKey))))).toBe(false);
  });

  it("[ND26] add a key that is not current, and rotate to the newest added one", () => {
    const first = newRing(makeKey);
    const grown = addKey(addKey(first, makeKey).ring, makeKey);
    expect(grown).toMatchObject({ id: "k3", ring: { current: "k1", added: ["k2", "k3"] } });
    const rotated = rotateRing(grown.ring, makeKey);
    expect(rotated).toMatchObject({ id: "k3", ring: { current: "k3", added: ["k2"] } });
    expect(rotated.ring.keys).toEqual(grown.ring.keys);
  });

  it("[ND26] rotate to a new key when none waits, and give no id twice", () => {
    let ring = newRing(makeKey);
    const ids = new Set(Object.keys(ring.keys));
    for (let n = 0; n < 6; n++) {
      const { id, ring: next } = rotateRing(ring, makeKey);
      expect(ids.has(id)).toBe(false);
      ids.add(id);
      ring = withoutKey(next, ring.current);
    }
    expect(Object.keys(ring.keys)).toEqual([ring.current]);
    // A ring written by hand, whose ids are its own.
    const byHand = readRing(JSON.stringify({ current: "2026", keys: { "2026": makeKey(), k2: makeKey() } }));
    expect(addKey(byHand, makeKey).id).toBe("k3");
  });

  it("[ND26] say of a file what is wrong with it, and nothing of its keys", () => {
    const key = makeKey();
    for (const text of [key, `{"current":"k1","keys":{"k1":"${key}!"}}`, `{"current":"k1","keys":{"k1":"${key}"},"added":"k1"}`])
      expect(() => readRing(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining(key.slice(0, 6)) as string }));
  });
});

describe("retiring a key", () => {
  const ring = rotateRing(newRing(makeKey), makeKey).ring;
  const refusal = (id: string, status: RingStatus | undefined, atOnce = false) => refuseRetire(ring, id, status, NOW, atOnce);

  it("[ND27] goes through when the walk is done and what ends by itself has ended", () => {
    expect(refusal("k1", statusOf(ring))).toBeUndefined();
    expect(withoutKey(ring, "k1")).toMatchObject({ current: "k2", keys: { k2: ring.keys["k2"] } });
    expect(withoutKey(ring, "k1").keys["k1"]).toBeUndefined();
  });

  it("[ND27] never takes the current key or one that is not there", () => {
    for (const atOnce of [false, true]) {
      expect(refusal("k2", statusOf(ring), atOnce)).toContain("current key");
      expect(refusal("k9", statusOf(ring), atOnce)).toContain("has no key k9");
    }
  });

  it.each([
    ["no node is known", undefined, "--state"],
    ["the node works with the key still", statusOf({ ...ring, current: "k1" }), "works with k1"],
    ["nobody has walked", statusOf(ring, null), "the walk is not done"],
    ["the walk is under way", statusOf(ring, { finishedAt: null }), "the walk is not done"],
    ["another walk is done", statusOf(ring, { ringId: "k1" }), "the walk is not done"],
  ])("[ND27] is refused, --now or not, while %s", (_name, status, word) => {
    expect(refusal("k1", status)).toContain(word);
    expect(refusal("k1", status, true)).toContain(word);
  });

  it("[ND27] waits for sessions, unless told not to", () => {
    const recent = statusOf(ring, { startedAt: NOW - 7 * DAY_MS + 1 });
    expect(refusal("k1", recent)).toContain("--now");
    expect(refusal("k1", recent, true)).toBeUndefined();
    expect(refusal("k1", statusOf(ring, { startedAt: NOW - 7 * DAY_MS }))).toBeUndefined();
  });

  it("[ND27] takes a key at once that was never current", () => {
    const grown = addKey(ring, makeKey);
    expect(refuseRetire(grown.ring, grown.id, undefined, NOW, false)).toBeUndefined();
  });
});
