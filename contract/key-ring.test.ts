import { describe, expect, it } from "vitest";
import { toBase64Url } from "./base64.ts";
import { KeyRing, keyRing } from "./key-ring.ts";

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>; // encode always makes its own buffer
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));
const key = (fill: number) => toBase64Url(new Uint8Array(32).fill(fill));

function ring(current: string, ...ids: string[]): KeyRing {
  const keys = Object.fromEntries(ids.map((id) => [id, key(id.charCodeAt(0))]));
  return new KeyRing(JSON.stringify({ current, keys }));
}

describe("the key ring", () => {
  it("[HT35] verifies what it signed, for the same purpose only", async () => {
    const keys = ring("a", "a");
    const signed = await keys.sign("live-ticket", bytes("payload"));
    expect(signed.startsWith("a.")).toBe(true);
    expect(text(await keys.verify("live-ticket", signed))).toBe("payload");
    expect(await keys.verify("session", signed)).toBeUndefined();
  });

  it("[HT35] refuses every changed character, another ring id, and other shapes", async () => {
    const keys = ring("a", "a", "b");
    const signed = await keys.sign("live-ticket", bytes("payload"));
    const lastOfPayload = signed.lastIndexOf(".") - 1;
    for (let i = 2; i <= lastOfPayload; i++) {
      const changed = `${signed.slice(0, i)}${signed[i] === "A" ? "B" : "A"}${signed.slice(i + 1)}`;
      expect(await keys.verify("live-ticket", changed)).toBeUndefined();
    }
    const foreign = [signed.replace(/^a/, "b"), signed.replace(/^a/, "c"), `${signed}.x`, signed.slice(0, -4), "", "..", "a..", "a.!.!"];
    for (const other of foreign) expect(await keys.verify("live-ticket", other)).toBeUndefined();
  });

  it("[HT35] decrypts what it encrypted, never twice alike, for the same purpose only", async () => {
    const keys = ring("a", "a");
    const [one, two] = [await keys.encrypt("webhook", bytes("secret")), await keys.encrypt("webhook", bytes("secret"))];
    expect(one).not.toBe(two);
    expect(text(await keys.decrypt("webhook", one))).toBe("secret");
    expect(await keys.decrypt("session", one)).toBeUndefined();
    expect(await keys.decrypt("webhook", `${one.slice(0, -3)}AAA`)).toBeUndefined();
    expect(await keys.decrypt("webhook", "a.")).toBeUndefined();
  });

  it("[HT35] after a rotation old texts still open and are known to be outdated, until their key leaves the ring", async () => {
    const [before, after, later] = [ring("a", "a"), ring("b", "a", "b"), ring("b", "b")];
    const [signed, sealed] = [await before.sign("live-ticket", bytes("x")), await before.encrypt("webhook", bytes("y"))];
    expect(text(await after.verify("live-ticket", signed))).toBe("x");
    expect(text(await after.decrypt("webhook", sealed))).toBe("y");
    expect([after.isOutdated(sealed), before.isOutdated(sealed)]).toEqual([true, false]);
    expect((await after.sign("live-ticket", bytes("x"))).startsWith("b.")).toBe(true);
    expect(await later.verify("live-ticket", signed)).toBeUndefined();
    expect(await later.decrypt("webhook", sealed)).toBeUndefined();
  });

  it("[HT35] a secret for a library is bound to its purpose and its ring", async () => {
    const secret = await ring("a", "a").secret("session");
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(await ring("a", "a", "b").secret("session")).toBe(secret);
    expect(await ring("a", "a").secret("other")).not.toBe(secret);
    expect(await ring("b", "a", "b").secret("session")).not.toBe(secret);
  });

  it.each([
    "",
    "{}",
    "[]",
    '{"current":"a","keys":{}}',
    `{"current":"b","keys":{"a":"${key(1)}"}}`,
    '{"current":"a","keys":{"a":"short"}}',
    '{"current":"a","keys":{"a":7}}',
    '{"current":"a","keys":{"a":"short}}',
    "short",
    `{"current":"a.b","keys":{"a.b":"${key(1)}"}}`,
  ])("[HT35] a malformed ring is refused without showing a key: %s", (ringText) => {
    let message = "";
    try {
      keyRing({ KEY_RING: ringText });
    } catch (error) {
      message = String(error);
    }
    expect(message).toBeTruthy();
    expect(message).not.toContain("short");
  });
});
