import fc from "fast-check";
import { expect, it } from "vitest";
import { KIT_LIMITS } from "./limits.ts";
import { batchLength, outboxDueAt } from "./outbox-batches.ts";

const { batchMessages, batchBytes, messageOverheadBytes } = KIT_LIMITS;

it("[KT35] a batch takes 100 messages, not 101, and 256,000 bytes with their overhead, not one more", () => {
  expect(batchLength(Array.from({ length: batchMessages }, () => 1))).toBe(batchMessages);
  expect(batchLength(Array.from({ length: batchMessages + 1 }, () => 1))).toBe(batchMessages);
  const half = batchBytes / 2 - messageOverheadBytes;
  expect(batchLength([half, half])).toBe(2);
  expect(batchLength([half, half + 1])).toBe(1);
});

it("[KT35] a message larger than a batch goes alone instead of standing in the way; nothing makes an empty batch", () => {
  expect(batchLength([batchBytes + 1, 1])).toBe(1);
  expect(batchLength([1, batchBytes + 1])).toBe(1);
  expect(batchLength([])).toBe(0);
});

it("[KT35] batches taken one after the other keep every message and its order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 120_000 }), { maxLength: 300 }), (sizes) => {
      let rest = sizes;
      while (rest.length > 0) {
        const taken = batchLength(rest);
        expect(taken).toBeGreaterThan(0);
        const bytes = rest.slice(0, taken).reduce((sum, size) => sum + size + messageOverheadBytes, 0);
        expect(taken === 1 || bytes <= batchBytes).toBe(true);
        rest = rest.slice(taken);
      }
    }),
    { seed: 35, numRuns: 200 },
  );
});

it("[KT37] an empty outbox has no deadline; unsent rows are guarded, failed ones wait, sent ones are sent again", () => {
  const at = (state: Partial<Parameters<typeof outboxDueAt>[0]>) =>
    outboxDueAt({ unsent: false, oldestSentAt: null, retryAt: null, ...state }, 1_000);
  expect(at({})).toBeUndefined();
  expect(at({ retryAt: 5_000 })).toBeUndefined();
  expect(at({ unsent: true })).toBe(1_000 + KIT_LIMITS.flushGuardMs);
  expect(at({ unsent: true, retryAt: 5_000 })).toBe(5_000);
  expect(at({ oldestSentAt: 500 })).toBe(500 + KIT_LIMITS.resendMs);
  expect(at({ oldestSentAt: 500, retryAt: 99_000 })).toBe(99_000);
  expect(at({ unsent: true, oldestSentAt: 500 })).toBe(1_000 + KIT_LIMITS.flushGuardMs);
});
