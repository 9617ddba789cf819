import { describe, expect, it } from "vitest";
import { packLines } from "../../contract/ranked-lines.ts";
import { KEPT_LISTS, KeptLists } from "./kept-lists.ts";

const listOf = (chars: number) => packLines({ items: [{ value: "x".repeat(chars), series: 1 }], total: 1 });

describe("kept lists", () => {
  it("[MT402] are made once, until they are forgotten", () => {
    const lists = new KeptLists();
    let made = 0;
    const ask = () => lists.find("pods", () => listOf(++made));
    expect([ask(), ask()].map(({ text }) => text.length)).toEqual([1, 1]);
    lists.clear();
    expect(ask().text.length).toBe(2);
  });

  it("[MT402] are bounded in number and bytes, the oldest going first", () => {
    const lists = new KeptLists();
    for (let i = 0; i < 3 * KEPT_LISTS.entries; i++) lists.find(String(i), () => listOf(10));
    expect(lists.size).toBe(KEPT_LISTS.entries);
    let isNew = false;
    lists.find(String(3 * KEPT_LISTS.entries - 1), () => ((isNew = true), listOf(10)));
    expect(isNew).toBe(false);
    const third = Math.floor(KEPT_LISTS.bytes / 6);
    for (let i = 0; i < 5; i++) lists.find(`large ${i}`, () => listOf(third));
    expect(lists.size).toBe(2);
    lists.find("too large", () => listOf(KEPT_LISTS.bytes));
    expect(lists.size).toBe(2);
  });
});
