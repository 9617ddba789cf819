import { expect, it } from "vitest";
import { accessDelta } from "./access-delta.ts";

const ours = { configVersion: 5, revocationSeq: 9 };

it("[SU4] an isolate that knows nothing gets everything, one that knows something what it lacks", () => {
  expect(accessDelta(null, ours)).toEqual({ config: true, afterSeq: 0 });
  expect(accessDelta(ours, ours)).toEqual({ config: false, afterSeq: 9 });
  expect(accessDelta({ configVersion: 4, revocationSeq: 9 }, ours)).toEqual({ config: true, afterSeq: 9 });
  expect(accessDelta({ configVersion: 5, revocationSeq: 0 }, ours)).toEqual({ config: false, afterSeq: 0 });
});

it("[SU10] an isolate that is ahead knows a state that was undone, and gets everything anew", () => {
  expect(accessDelta({ configVersion: 5, revocationSeq: 10 }, ours)).toEqual({ config: true, afterSeq: 0 });
  expect(accessDelta({ configVersion: 6, revocationSeq: 9 }, ours)).toEqual({ config: true, afterSeq: 0 });
});
