import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../contract/problems.ts";
import { type BodyLimits, readBody } from "./body.ts";

const LIMITS: BodyLimits = { compressedBytes: 1_000, decompressedBytes: 4_000 };

function post(body: BodyInit | null, headers: HeadersInit = {}): Request {
  return new Request("https://meridian.test/", { method: "POST", headers, body });
}

async function compressed(plain: Uint8Array, format: "gzip" | "deflate"): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([plain]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Bytes that do not compress, so that a compressed body is about as long as they are. */
function noise(bytes: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

function slug(outcome: Outcome<unknown>): string {
  return outcome.ok ? "ok" : outcome.problem.slug;
}

/** A stream of these chunks that counts how many were taken. */
function chunked(chunks: Iterable<Uint8Array>) {
  const taken = { count: 0, cancelled: false };
  const iterator = chunks[Symbol.iterator]();
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) return controller.close();
      taken.count += 1;
      controller.enqueue(value);
    },
    cancel: () => void (taken.cancelled = true),
  });
  return { stream, taken };
}

function* forever(chunk: Uint8Array): Generator<Uint8Array> {
  for (;;) yield chunk;
}

describe("reading a body", () => {
  it("[HT14] takes a body at the limit as sent, and refuses one byte more", async () => {
    const limits = { compressedBytes: 1_000, decompressedBytes: 1_000 };
    const exact = await readBody(post(noise(1_000)), limits);
    expect(exact.ok && exact.value.byteLength).toBe(1_000);
    expect(slug(await readBody(post(noise(1_001)), limits))).toBe("payload-too-large");
    expect(slug(await readBody(post(noise(1_001), { "content-length": "1001" }), limits))).toBe("payload-too-large");
  });

  it("[HT14] stops reading an endless stream at the limit", async () => {
    const { stream, taken } = chunked(forever(noise(100)));
    expect(slug(await readBody(post(stream), LIMITS))).toBe("payload-too-large");
    expect(taken.count).toBeLessThan(20);
    expect(taken.cancelled).toBe(true);
  });

  it("[HT14] joins the chunks of a stream in order, empty ones included", async () => {
    const { stream } = chunked([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
    const body = await readBody(post(stream), LIMITS);
    expect(body.ok && [...body.value]).toEqual([1, 2, 3]);
    const none = await readBody(post(null), LIMITS);
    expect(none.ok && none.value.byteLength).toBe(0);
  });

  it.each(["gzip", "deflate"] as const)("[HT15] decompresses %s to the limit, and refuses one byte more", async (format) => {
    const headers = { "content-encoding": format };
    const exact = await readBody(post(await compressed(new Uint8Array(4_000), format), headers), LIMITS);
    expect(exact.ok && exact.value.byteLength).toBe(4_000);
    expect(slug(await readBody(post(await compressed(new Uint8Array(4_001), format), headers), LIMITS))).toBe("payload-too-large");
  });

  it("[HT15] holds compressed bytes to their own limit", async () => {
    const over = await compressed(noise(1_100), "gzip");
    expect(slug(await readBody(post(over, { "content-encoding": "gzip" }), LIMITS))).toBe("payload-too-large");
    expect(slug(await readBody(post(noise(1_500)), { compressedBytes: 1_000, decompressedBytes: 1_000 }))).toBe("payload-too-large");
  });

  it("[HT15] a gzip bomb of 1 GB in 1 MB stops at the limit: its output never grows beyond it", async () => {
    // Gzip members may follow each other: 64 of 16 MB each are a gigabyte.
    const member = await compressed(new Uint8Array(16 << 20), "gzip");
    const bomb = new Uint8Array(member.length * 64);
    for (let i = 0; i < 64; i++) bomb.set(member, i * member.length);
    const limits = { compressedBytes: 2 << 20, decompressedBytes: 8 << 20 };
    expect(bomb.length).toBeLessThan(limits.compressedBytes);
    expect(slug(await readBody(post(bomb, { "content-encoding": "gzip" }), limits))).toBe("payload-too-large");
    // The decompressor stops by itself and not because a whole output was measured afterwards.
    expect(() => gunzipSync(bomb, { maxOutputLength: 1 })).toThrow(RangeError);
  });

  it("[HT16] a body that does not arrive in time is refused with request-timeout", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1)),
      cancel: () => void (cancelled = true),
    });
    expect(slug(await readBody(post(stream), { ...LIMITS, deadlineMs: 20 }))).toBe("request-timeout");
    expect(cancelled).toBe(true);
  });

  it("[HT16] the deadline is for the whole body: a trickle does not renew it", async () => {
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await scheduler.wait(5);
        controller.enqueue(Uint8Array.of(1));
      },
    });
    expect(slug(await readBody(post(stream), { ...LIMITS, deadlineMs: 40 }))).toBe("request-timeout");
  });

  it("[HT17] a stream that breaks off is a bad request", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1)),
      pull: (controller) => controller.error(new Error("connection lost")),
    });
    expect(slug(await readBody(post(stream), LIMITS))).toBe("bad-request");
  });

  it("[HT17] compression that is cut short, damaged or followed by other bytes is invalid", async () => {
    const headers = { "content-encoding": "gzip" };
    const good = await compressed(new TextEncoder().encode("hello hello hello"), "gzip");
    const damaged = good.slice();
    damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 0xff;
    for (const bad of [good.slice(0, -5), good.slice(0, 3), damaged, new Uint8Array([...good, 1, 2, 3]), noise(50), new Uint8Array(0)]) {
      expect(slug(await readBody(post(bad, headers), LIMITS))).toBe("invalid-encoding");
    }
  });

  it.each([
    ["br", "unsupported-media-type"],
    ["gzip, gzip", "unsupported-media-type"],
    ["identity, gzip", "unsupported-media-type"],
    ["zstd", "unsupported-media-type"],
    ["identity", "ok"],
    ["", "ok"],
  ])("[HT18] Content-Encoding %j gets %s", async (encoding, expected) => {
    expect(slug(await readBody(post("x", { "content-encoding": encoding }), LIMITS))).toBe(expected);
  });

  it("[HT18] Content-Encoding names are read in any case, and x-gzip is gzip", async () => {
    const body = await compressed(new TextEncoder().encode("x"), "gzip");
    for (const name of ["GZIP", "x-gzip", " gzip "])
      expect(slug(await readBody(post(body, { "content-encoding": name }), LIMITS))).toBe("ok");
  });

  it.each(["-1", "1e3", "0x10", "5, 5", "5, 6", "abc", "", "9".repeat(16)])("[HT19] refuses the Content-Length %j", async (length) => {
    expect(slug(await readBody(post("hello", { "content-length": length }), LIMITS))).toBe("bad-request");
  });

  it.each([4, 6, 900])("[HT19] refuses a body of five bytes that claims %i", async (length) => {
    const { stream } = chunked([new TextEncoder().encode("hello")]);
    expect(slug(await readBody(post(stream, { "content-length": String(length) }), LIMITS))).toBe("bad-request");
    expect(slug(await readBody(post("hello", { "content-length": String(length) }), LIMITS))).toBe("bad-request");
  });

  it("[HT19] refuses a Content-Length without a body, and takes the true one", async () => {
    expect(slug(await readBody(post(null, { "content-length": "5" }), LIMITS))).toBe("bad-request");
    expect(slug(await readBody(post("hello", { "content-length": "5" }), LIMITS))).toBe("ok");
  });
});
