import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AUDIT_LIMITS, brokenAtEnd, CHAIN_START, canonicalJson, chainEntry, type ChainedEntry, followChain } from "./audit.ts";

const sha256Hex = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");

function content(n: number, detail: Record<string, unknown> = {}) {
  return {
    at: 1_000 + n,
    actor: "user:ada",
    actorName: "Ada",
    action: "key.create",
    target: `key/${n}`,
    outcome: "done",
    detail,
    requestId: `r${n}`,
  } as const;
}

function chain(length: number): ChainedEntry[] {
  const entries: ChainedEntry[] = [];
  for (let n = 1; n <= length; n++) entries.push(chainEntry(entries.at(-1) ?? CHAIN_START, content(n, { n }), sha256Hex));
  return entries;
}

describe("the audit chain", () => {
  it("[AC7] numbers entries from 1 and points each back to the one before", () => {
    const entries = chain(3);
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(entries.map(({ previousHash }) => previousHash)).toEqual([CHAIN_START.hash, entries[0]?.hash, entries[1]?.hash]);
    expect(followChain(CHAIN_START, entries, sha256Hex)).toEqual({
      checked: 3,
      firstBroken: null,
      last: expect.objectContaining({ seq: 3 }),
    });
  });

  it("[AC7] a change of any field of an entry breaks exactly that entry", () => {
    const fields = ["at", "actor", "actorName", "action", "target", "outcome", "requestId", "detail", "previousHash", "hash"] as const;
    const entries = chain(4);
    for (const field of fields) {
      const value = field === "at" ? 7 : field === "detail" ? { n: 99 } : "changed";
      const tampered = entries.map((entry) => (entry.seq === 3 ? ({ ...entry, [field]: value } as ChainedEntry) : entry));
      expect(followChain(CHAIN_START, tampered, sha256Hex).firstBroken, field).toBe(3);
    }
  });

  it("[AC8] names an entry that is missing, one that was put in, and a cut at the end", () => {
    const entries = chain(5);
    const without3 = entries.filter(({ seq }) => seq !== 3);
    expect(followChain(CHAIN_START, without3, sha256Hex).firstBroken).toBe(3);
    const end = followChain(CHAIN_START, entries.slice(0, 4), sha256Hex).last;
    const head = { seq: 5, hash: entries[4]?.hash ?? "" };
    expect(brokenAtEnd(end, head)).toBe(5);
    expect(brokenAtEnd(head, end)).toBe(5);
    expect(brokenAtEnd({ ...head, hash: "0" }, head)).toBe(5);
    expect(brokenAtEnd(head, head)).toBeNull();
  });

  it("[AC8] whatever one byte of the log is changed, the walk names its entry", () => {
    const entries = chain(8);
    fc.assert(
      fc.property(
        fc.nat(7),
        fc.constantFrom("actor", "target", "requestId", "actorName"),
        fc.string({ minLength: 1 }),
        (i, field, more) => {
          const tampered = entries.map((entry, n) => (n === i ? { ...entry, [field]: `${entry[field]}${more}` } : entry));
          return followChain(CHAIN_START, tampered, sha256Hex).firstBroken === i + 1;
        },
      ),
      { seed: 20_261_120 },
    );
  });

  it("[AC7] equal contents have equal text, in whatever order their fields were written", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: undefined, "": true })).toBe('{"":true,"b":[1,{"c":"x","d":null}]}');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        return canonicalJson(reversed) === canonicalJson(value) && canonicalJson(JSON.parse(canonicalJson(value))) === canonicalJson(value);
      }),
      { seed: 20_261_120 },
    );
  });

  it("[AC7] keeps an entry small: at the limit it is whole, beyond it is cut before it is hashed", () => {
    const exact = chainEntry(CHAIN_START, { ...content(1), target: "t".repeat(AUDIT_LIMITS.targetChars) }, sha256Hex);
    expect(exact.target).toHaveLength(AUDIT_LIMITS.targetChars);
    const over = chainEntry(CHAIN_START, { ...content(1), target: "t".repeat(AUDIT_LIMITS.targetChars + 1) }, sha256Hex);
    expect(over.target).toHaveLength(AUDIT_LIMITS.targetChars);

    const text = chainEntry(CHAIN_START, content(1, { a: "x".repeat(AUDIT_LIMITS.detailTextChars + 1) }), sha256Hex);
    expect(text.detail).toEqual({ a: "x".repeat(AUDIT_LIMITS.detailTextChars) });

    const overhead = JSON.stringify({ a: [] }).length;
    const atLimit = { a: Array.from({ length: (AUDIT_LIMITS.detailChars - overhead + 1) / 2 }, () => 1) };
    expect(JSON.stringify(atLimit).length).toBeLessThanOrEqual(AUDIT_LIMITS.detailChars);
    expect(chainEntry(CHAIN_START, content(1, atLimit), sha256Hex).detail).toEqual(atLimit);
    const tooLong = { a: [...atLimit.a, 1, 1] };
    const replaced = chainEntry(CHAIN_START, content(1, tooLong), sha256Hex);
    expect(replaced.detail).toEqual({ omitted: "the detail was too long" });
    expect(followChain(CHAIN_START, [replaced], sha256Hex).firstBroken).toBeNull();
  });
});
