import { describe, expect, it } from "vitest";
import { readKey } from "./keys.ts";

const press = (key: string, more: object = {}) => ({ key, command: false, other: false, typing: false, ...more });

describe("keys", () => {
  it("[UI7] opens the palette with Ctrl or Cmd and K, also while somebody types", () => {
    expect(readKey(null, press("k", { command: true, typing: true }), 0).action).toEqual({ type: "palette" });
    expect(readKey(null, press("c", { command: true }), 0).action).toBeUndefined();
  });

  it("[UI7] goes to a page with g and a letter, in time", () => {
    const { pendingSince } = readKey(null, press("g"), 1_000);
    expect(readKey(pendingSince, press("h"), 2_200).action).toEqual({ type: "go", letter: "h" });
    expect(readKey(pendingSince, press("h"), 2_201).action).toBeUndefined();
    expect(readKey(pendingSince, press("Enter"), 1_100)).toEqual({ pendingSince: null });
  });

  it("[UI7] leaves letters to whoever types and to other programs", () => {
    for (const key of ["g", "/", "?", "p"]) {
      expect(readKey(null, press(key, { typing: true }), 0)).toEqual({ pendingSince: null });
      expect(readKey(null, press(key, { other: true }), 0)).toEqual({ pendingSince: null });
    }
  });

  it("[UI7] knows search, help and pause", () => {
    expect(["/", "?", "p"].map((key) => readKey(null, press(key), 0).action?.type)).toEqual(["search", "help", "pause"]);
  });
});
