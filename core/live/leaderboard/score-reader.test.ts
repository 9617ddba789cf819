import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS as L } from "../../../contract/leaderboard-limits.ts";
import { importLineSchema, scoreBatchSchema, scoreSchema } from "../../../contract/leaderboard-scores.ts";
import { readBatch } from "./batch-reader.ts";
import { readImportLine, readScore } from "./score-reader.ts";

/** Values of a field: right ones, ones at and over the limits, and ones of other types. */
const odd = fc.constantFrom<unknown>(null, true, {}, [], "", "x", -1, 0.5, 1e300, "2026-11-20");
const fields: Record<string, fc.Arbitrary<unknown>> = {
  player: fc.constantFrom("ann", "é".repeat(64), "é".repeat(65), "a\nb", "", "x".repeat(600)),
  name: fc.constantFrom("Ann", "n".repeat(L.nameChars), "n".repeat(L.nameChars + 1), "", "A\nnn", "\u009b31m"),
  score: fc.constantFrom(1, -2.5, 0, 1e15, "1"),
  delta: fc.constantFrom(1, null),
  subscore: fc.constantFrom(1, "2"),
  runId: fc.constantFrom("r", "r".repeat(64), "r".repeat(65), ""),
  durationMs: fc.constantFrom(0, L.runMaxMs, L.runMaxMs + 1, 1.5, -1),
  occurredAt: fc.constantFrom("2026-11-20T18:00:00Z", "2026-11-20T18:00:00.5+01:00", "2026-13-20T18:00:00Z", "2026-11-20 18:00", 5),
  partition: fc.constantFrom<unknown>("eu", "EU", ["eu", "phone"], [], ["eu", 5], ["a", "b", "c", "d"], ["a", "b", "c", "d", "e"], "2026"),
  metadata: fc.constantFrom<unknown>(
    { map: "q3" },
    { a: "x".repeat(L.metadataBytes - 8) },
    { a: "x".repeat(L.metadataBytes - 7) },
    { a: "é".repeat(508) },
    { a: "é".repeat(509) },
    { ["k".repeat(65)]: 1 },
    [1],
  ),
  more: fc.constant(1),
};
const some = fc.record(
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, fc.oneof({ arbitrary: value, weight: 12 }, { arbitrary: odd, weight: 1 })]),
  ),
  { requiredKeys: [] },
);
/** Mostly right: a player and a score, and few other fields. */
const score = fc.oneof(
  some,
  fc.tuple(some, fc.subarray(Object.keys(fields), { maxLength: 2 })).map(([value, kept]) => {
    const more = Object.fromEntries(Object.entries(value).filter(([name]) => kept.includes(name)));
    return { player: "ann", ...(kept.includes("delta") ? {} : { score: 1 }), ...more };
  }),
  odd,
);

describe("reading scores", () => {
  it("[LB36] accepts exactly what the schemas accept, and gives the same values", () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(score, (value) => {
        for (const [read, schema] of [
          [readScore, scoreSchema],
          [readImportLine, importLineSchema],
        ] as const) {
          const own = read(value);
          const theirs = schema.safeParse(value);
          expect(own.ok).toBe(theirs.success);
          if (own.ok) expect(own.score).toEqual(theirs.data);
          seen[own.ok ? "accepted" : "refused"] += 1;
        }
      }),
      { seed: 20_311, numRuns: 4_000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(500);
  });

  it("[LB36] accepts a batch with all its items exactly when the schema accepts it", () => {
    const seen = { accepted: 0, refused: 0 };
    const item = fc.oneof({ arbitrary: fc.constant({ player: "ann", score: 1 }), weight: 5 }, { arbitrary: score, weight: 1 });
    const batch = fc.record(
      {
        batchId: fc.constantFrom<unknown>("b", "b".repeat(200), "b".repeat(201), "", 5),
        items: fc.array(item, { maxLength: 4 }),
        more: odd,
      },
      { requiredKeys: [] },
    );
    const mostlyRight = fc.array(item, { minLength: 1, maxLength: 4 }).map((items) => ({ batchId: "b", items }));
    fc.assert(
      fc.property(fc.oneof(batch, mostlyRight, odd), (body) => {
        const read = readBatch(new TextEncoder().encode(JSON.stringify(body)));
        const theirs = scoreBatchSchema.safeParse(body);
        const whole = read.ok && read.value.items.every((one) => one.ok);
        expect(whole).toBe(theirs.success);
        if (read.ok && whole) {
          const items = read.value.items.flatMap((one) => (one.ok ? [one.score] : []));
          expect({ batchId: read.value.batchId, items }).toEqual(theirs.data);
        }
        seen[whole ? "accepted" : "refused"] += 1;
      }),
      { seed: 20_312, numRuns: 2_000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(300);
  });

  it("[LB36] refuses __proto__ among the metadata, and numbers that overflow by their own problem", () => {
    const proto: unknown = JSON.parse('{"player":"a","score":1,"metadata":{"__proto__":{"x":1}}}');
    expect(readScore(proto)).toMatchObject({ ok: false, fault: { pointer: "/metadata" } });
    const huge: unknown = JSON.parse('{"player":"a","score":1e999}');
    expect(readScore(huge)).toMatchObject({ ok: false, fault: { slug: "score-out-of-range", pointer: "/score" } });
  });
});

it("[LB160] takes no name with control characters", () => {
  expect(readScore({ player: "ann", name: "A\u001b[31m", score: 1 })).toMatchObject({ fault: { slug: "invalid-name", pointer: "/name" } });
  expect(readImportLine({ player: "ann", name: "A\nnn", score: 1 })).toMatchObject({ fault: { slug: "invalid-name", pointer: "/name" } });
});

it("[LB131] takes no id that an address cannot name: neither `.` nor `..`", () => {
  for (const player of [".", ".."]) {
    expect(readScore({ player, score: 1 })).toMatchObject({ ok: false, fault: { slug: "invalid-id", pointer: "/player" } });
    expect(scoreSchema.safeParse({ player, score: 1 }).success).toBe(false);
  }
  for (const player of ["...", "a.", ".b", "%2e", "a/../b"]) expect(readScore({ player, score: 1 })).toMatchObject({ ok: true });
});

describe("a batch's limits", () => {
  const bodyOf = (items: number, more = "") =>
    new TextEncoder().encode(
      JSON.stringify({ batchId: "b", items: Array.from({ length: items }, (_, n) => ({ player: `p${n}`, score: n, name: more || "n" })) }),
    );

  it("[LB36] takes 1,000 items and 512 KiB, and no more", () => {
    expect(readBatch(bodyOf(L.batchItems))).toMatchObject({ ok: true });
    expect(readBatch(bodyOf(L.batchItems + 1))).toMatchObject({ ok: false, problem: { slug: "payload-too-large" } });
    const padded = new Uint8Array(L.batchBytes).fill(0x20);
    padded.set(bodyOf(1));
    expect(readBatch(padded)).toMatchObject({ ok: true });
    const over = new Uint8Array(L.batchBytes + 1).fill(0x20);
    over.set(bodyOf(1));
    expect(readBatch(over)).toMatchObject({ ok: false, problem: { slug: "payload-too-large" } });
  });

  it("[LB36] refuses what is no batch: no UTF-8, no JSON, too deep, no items", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(readBatch(new Uint8Array([0x22, 0xff, 0x22]))).toMatchObject({ problem: { slug: "invalid-encoding" } });
    for (const text of ["", "{", "[]", "5", '{"batchId":"b","items":[]}', `${"[".repeat(40)}${"]".repeat(40)}`])
      expect(readBatch(bytes(text))).toMatchObject({ problem: { slug: "invalid-body" } });
  });
});
