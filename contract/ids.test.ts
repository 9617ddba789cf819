import fc from "fast-check";
import { expect, it } from "vitest";
import { cryptoRandom, randomText, uuidv7 } from "./ids.ts";

it("[KT63] a UUIDv7 has the example's form of RFC 9562, appendix A.6", () => {
  const random = Uint8Array.from([0, 0, 0, 0, 0, 0, 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
  expect(uuidv7(0x017f22e279b0, () => Uint8Array.from(random))).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

it("[KT63] whatever the random bytes, version and variant hold, and ids sort by their time", () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });
  fc.assert(
    fc.property(times, times, bytes, bytes, (timeA, timeB, bytesA, bytesB) => {
      const [a, b] = [uuidv7(timeA, () => Uint8Array.from(bytesA)), uuidv7(timeB, () => Uint8Array.from(bytesB))];
      expect(a).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(a.replaceAll("-", "").slice(0, 12), 16)).toBe(timeA);
      if (timeA < timeB) expect(a < b).toBe(true);
    }),
    { seed: 63, numRuns: 300 },
  );
});

it("[KT63] ids made in one millisecond differ", () => {
  expect(new Set(Array.from({ length: 1_000 }, () => uuidv7(1, cryptoRandom))).size).toBe(1_000);
});

it("[KT64] random text has the asked length and only digits that no eye confuses", () => {
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const text = randomText(256, () => every);
  expect(text).toHaveLength(256);
  expect(new Set(text).size).toBe(32);
  expect(text).not.toMatch(/[ilou]|[^0-9a-z]/);
});
