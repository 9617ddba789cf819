import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { archive, type ArchiveBucket, ArchiveMismatch } from "../../contract/archive.ts";
import { archiveRows } from "./archive.ts";

const bytes = new Uint8Array(new TextEncoder().encode("ninety days of points"));

/** The real bucket, with what is read back damaged. */
function damaged(damage: (stored: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | null): ArchiveBucket {
  return {
    put: async (key, value, options) => await env.ARCHIVE.put(key, value, options),
    get: async (key) => {
      const stored = await env.ARCHIVE.get(key);
      const changed = stored && damage(new Uint8Array(await stored.arrayBuffer()));
      return changed && { arrayBuffer: async () => changed.buffer };
    },
  };
}

it("[KT80] the copy was read back and its SHA-256 held before the source may go", async () => {
  let read = 0;
  const reading = { ...damaged((stored) => ((read += 1), stored)) };
  const hash = await archive(reading, "kit/archive/1", bytes, { contentType: "text/plain", custom: { rows: "1" } });
  expect(read).toBe(1);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  const stored = await env.ARCHIVE.get("kit/archive/1");
  expect(await stored?.text()).toBe("ninety days of points");
  expect([stored?.httpMetadata?.contentType, stored?.customMetadata]).toEqual(["text/plain", { rows: "1" }]);
});

it("[KT81] a damaged, cut or missing copy is said, so that the source stays where it is", async () => {
  const flip = (stored: Uint8Array<ArrayBuffer>) => stored.with(3, (stored[3] ?? 0) ^ 1);
  for (const damage of [flip, (stored: Uint8Array<ArrayBuffer>) => stored.slice(1), () => null])
    await expect((async () => await archive(damaged(damage), "kit/archive/2", bytes))()).rejects.toThrow(ArchiveMismatch);
});

it("[KT81] a write or a read that fails is said, and may be repeated", async () => {
  const broken = () => Promise.reject(new Error("no network"));
  const whole = damaged((stored) => stored);
  await expect((async () => await archive({ ...whole, put: broken }, "kit/archive/3", bytes))()).rejects.toThrow("no network");
  await expect((async () => await archive({ ...whole, get: broken }, "kit/archive/3", bytes))()).rejects.toThrow("no network");
  await archive(whole, "kit/archive/3", bytes);
  expect(await (await env.ARCHIVE.get("kit/archive/3"))?.text()).toBe("ninety days of points");
});

it("[KT80] rows are archived as lines under the names of the first and the last", async () => {
  const rows = ["1", "2"].map((id) => ({ id, line: `{"id":${id}}` }));
  await archiveRows(env.ARCHIVE, "kit/rows", rows);
  await archiveRows(env.ARCHIVE, "kit/none", []);
  expect(await (await env.ARCHIVE.get("kit/rows/1_2.ndjson"))?.text()).toBe('{"id":1}\n{"id":2}\n');
  expect((await env.ARCHIVE.list({ prefix: "kit/none" })).objects).toEqual([]);
});
