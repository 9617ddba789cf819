import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BackupDamaged, backupKey, CHUNK_BYTES, keyProof, open, seal } from "./backup-seal.ts";

const SECRET = new Uint8Array(32).fill(7);
const HEADER = 37;

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Bytes that do not shrink, different at every place. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

async function sealedPieces(name: string, plain: readonly Uint8Array[], id = "backup-1"): Promise<Uint8Array[]> {
  return await bytesOf(seal(await backupKey(SECRET, id), name, plain));
}

async function opened(name: string, sealed: readonly Uint8Array[], id = "backup-1", secret = SECRET): Promise<Uint8Array> {
  return joined(await bytesOf(open(await backupKey(secret, id), name, sealed)));
}

describe("files of a backup", () => {
  it("[ND50] come back as they were, whatever the pieces in which they are written and read", async () => {
    const lengths = fc.array(fc.oneof(fc.nat(2_000), fc.constantFrom(CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 400_000 }), async (sizes, cut) => {
        const plain = sizes.map((size, at) => noise(size, at + 1));
        const sealed = joined(await sealedPieces("a", plain));
        const pieces = Array.from({ length: Math.ceil(sealed.length / cut) }, (_, at) => sealed.subarray(at * cut, (at + 1) * cut));
        expect(Buffer.compare(await opened("a", pieces), joined(plain))).toBe(0);
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  it("[ND50] shrink when they can, and hardly grow when they cannot", async () => {
    const zeros = joined(await sealedPieces("a", [new Uint8Array(CHUNK_BYTES)]));
    expect(zeros.length).toBeLessThan(2_000);
    const random = joined(await sealedPieces("a", [noise(CHUNK_BYTES)]));
    expect(random.length).toBeLessThan(CHUNK_BYTES + 1_024);
  });

  it("[ND50] do not open with a byte changed, whichever", async () => {
    const sealed = joined(await sealedPieces("a", [noise(300)]));
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(opened("a", [changed]), `byte ${at}`).rejects.toThrow(BackupDamaged);
    }
  });

  it("[ND50] do not open cut short at any place, nor with something behind", async () => {
    const sealed = joined(await sealedPieces("a", [noise(300)]));
    for (let length = 0; length < sealed.length; length++)
      await expect(opened("a", [sealed.subarray(0, length)]), `${length} bytes`).rejects.toThrow(BackupDamaged);
    await expect(opened("a", [sealed, new Uint8Array(1)])).rejects.toThrow(/goes on/);
  });

  it("[ND50] do not open with chunks left out, repeated, swapped, or ended early", async () => {
    const [header, first, second, third] = await sealedPieces("a", [noise(CHUNK_BYTES * 2 + 10)]);
    if (!header || !first || !second || !third) throw new Error("a header and three chunks");
    expect(header.length).toBe(HEADER);
    expect((await opened("a", [header, first, second, third])).length).toBe(CHUNK_BYTES * 2 + 10);
    const endedEarly = Uint8Array.from(first);
    endedEarly[0] = 1;
    for (const pieces of [
      [header, second, first, third],
      [header, first, third],
      [header, first, first, second, third],
      [header, first, second],
      [header, endedEarly],
      [header],
    ])
      await expect(opened("a", pieces)).rejects.toThrow(BackupDamaged);
  });

  it("[ND50] open by their own name, in their own backup, with its own key only", async () => {
    const sealed = await sealedPieces("a", [noise(10)]);
    await expect(opened("b", sealed)).rejects.toThrow(BackupDamaged);
    await expect(opened("a", sealed, "backup-2")).rejects.toThrow(BackupDamaged);
    await expect(opened("a", sealed, "backup-1", new Uint8Array(32).fill(8))).rejects.toThrow(/another key/);
    expect(await keyProof(await backupKey(SECRET, "backup-1"))).not.toBe(await keyProof(await backupKey(SECRET, "backup-2")));
  });

  it("[ND50] never look alike twice", async () => {
    const once = joined(await sealedPieces("a", [noise(10)]));
    const twice = joined(await sealedPieces("a", [noise(10)]));
    expect(Buffer.compare(once.subarray(HEADER), twice.subarray(HEADER))).not.toBe(0);
  });

  it("[ND50] of a newer format are told apart from damaged ones", async () => {
    const sealed = joined(await sealedPieces("a", [noise(10)]));
    sealed[4] = 2;
    await expect(opened("a", [sealed])).rejects.toThrow(/newer format/);
  });
});
