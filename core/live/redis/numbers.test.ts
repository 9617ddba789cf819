import { describe, expect, it } from "vitest";
import { readBound, readInteger, readScore, writeScore } from "./numbers.ts";

describe("numbers of the Redis protocol", () => {
  it("[LB92] are scores as Redis 7.0 took and refused them", () => {
    const taken: [string, number][] = [
      ["1", 1],
      ["1.", 1],
      [".5", 0.5],
      ["+5", 5],
      ["-5e2", -500],
      ["5e-324", 5e-324],
      ["9007199254740993", 9007199254740992],
      ["0e9", 0],
      ["inf", Number.POSITIVE_INFINITY],
      ["-INF", Number.NEGATIVE_INFINITY],
      ["+infinity", Number.POSITIVE_INFINITY],
    ];
    for (const [text, score] of taken) expect([text, readScore(text)]).toEqual([text, score]);
    for (const text of ["", " 1", "1 ", "5e", "e5", ".", "+", "nan", "-nan", "1e400", "-1e400", "1e-400", "1_0", "1,5", "infi", "0x1"])
      expect([text, readScore(text)]).toEqual([text, undefined]);
    expect(Object.is(readScore("-0"), 0), "one zero, one key").toBe(true);
  });

  it("[LB92] are bounds, in or out, and 0 for none, as Redis reads them", () => {
    expect(readBound("5")).toEqual({ inv: 5, open: false });
    expect(readBound("(5")).toEqual({ inv: 5, open: true });
    expect(readBound("(-inf")).toEqual({ inv: Number.NEGATIVE_INFINITY, open: true });
    expect(readBound("")).toEqual({ inv: 0, open: false });
    expect(readBound("(")).toEqual({ inv: 0, open: true });
    expect(readBound(" 5")).toEqual({ inv: 5, open: false });
    expect(readBound("1e400")).toEqual({ inv: Number.POSITIVE_INFINITY, open: false });
    for (const text of ["5 ", "a", "((5", " ", "nan", "[5"]) expect([text, readBound(text)]).toEqual([text, undefined]);
  });

  it("[LB92] are integers in one spelling, of 64 bits", () => {
    expect(["0", "-1", "42", "9223372036854775807"].map(readInteger)).toEqual([0, -1, 42, 2 ** 63]);
    for (const text of ["", "-0", "01", "+1", "1.0", " 1", "9223372036854775808", "99999999999999999999"])
      expect([text, readInteger(text)]).toEqual([text, undefined]);
  });

  it("[LB92] are written with the fewest digits that read back the same", () => {
    const scores = [0, -1, 0.1, 3.14159, 1e15, 1e-7, 1.5e300, 5e-324, Number.MAX_SAFE_INTEGER];
    expect(scores.map(writeScore)).toEqual([
      "0",
      "-1",
      "0.1",
      "3.14159",
      "1000000000000000",
      "1e-7",
      "1.5e+300",
      "5e-324",
      "9007199254740991",
    ]);
    expect([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(writeScore)).toEqual(["inf", "-inf"]);
    for (const score of scores) expect(readScore(writeScore(score))).toBe(score);
  });
});
