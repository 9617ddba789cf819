import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { archive, ArchiveMismatch, type ArchiveDeps, bucketArchive } from "./archive.ts";

const bytes = new Uint8Array(new TextEncoder().encode("ninety days of points"));

function memory(damage: (stored: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | undefined = (stored) => stored) {
  const stored = new Map<string, Uint8Array<ArrayBuffer>>();
  const deleted: boolean[] = [];
  const deps: ArchiveDeps = {
    put: async (key, value) => void stored.set(key, value),
    get: async (key) => damage(stored.get(key) ?? new Uint8Array()),
    deleteSource: () => void deleted.push(true),
  };
  return { deps, stored, deleted };
}

it("[KT80] the source is deleted only after the copy was read back and its SHA-256 held", async () => {
  const steps: string[] = [];
  const deps = bucketArchive(env.ARCHIVE, () => void steps.push("deleted"));
  const hash = await archive({ ...deps, get: async (key) => (steps.push("read"), await deps.get(key)) }, "kit/archive/1", bytes);
  expect(steps).toEqual(["read", "deleted"]);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await (await env.ARCHIVE.get("kit/archive/1"))?.text()).toBe("ninety days of points");
});

it("[KT81] a damaged, cut or missing copy leaves the source where it is", async () => {
  const flip = (stored: Uint8Array<ArrayBuffer>) => stored.with(3, (stored[3] ?? 0) ^ 1);
  for (const damage of [flip, (stored: Uint8Array<ArrayBuffer>) => stored.slice(1), () => undefined]) {
    const { deps, deleted } = memory(damage);
    await expect((async () => await archive(deps, "k", bytes))()).rejects.toThrow(ArchiveMismatch);
    expect(deleted).toEqual([]);
  }
});

it("[KT81] a write or a read that fails leaves the source where it is, and may be repeated", async () => {
  const { deps, deleted, stored } = memory();
  const broken = () => Promise.reject(new Error("no network"));
  await expect((async () => await archive({ ...deps, put: broken }, "k", bytes))()).rejects.toThrow("no network");
  await expect((async () => await archive({ ...deps, get: broken }, "k", bytes))()).rejects.toThrow("no network");
  expect(deleted).toEqual([]);
  await archive(deps, "k", bytes);
  expect([deleted, stored.size]).toEqual([[true], 1]);
});
