import { describe, expect, it } from "vitest";
import { isolate } from "./isolate.ts";
import { countNew, joinOlder, refreshNewest } from "./list-model.ts";

const id = (row: { id: string }) => row.id;
const rows = (...ids: string[]) => ids.map((one) => ({ id: one, state: "old" }));

describe("long lists", () => {
  it("[UI11] count new rows without moving what is read, and renew the rows that are shown", () => {
    const shown = rows("b", "a");
    const newest = [
      { id: "c", state: "new" },
      { id: "b", state: "new" },
    ];
    expect(countNew(shown, newest, id)).toBe(1);
    expect(refreshNewest(shown, newest, id)).toEqual([
      { id: "b", state: "new" },
      { id: "a", state: "old" },
    ]);
  });

  it("[UI11] join older pages without repeating a row", () => {
    expect(joinOlder(rows("c", "b"), rows("b", "a"), id).map(id)).toEqual(["c", "b", "a"]);
  });
});

describe("legend", () => {
  it("[UI12] isolates with a click, gives all back with another, and adds with Ctrl", () => {
    expect(isolate([], "cpu", false)).toEqual(["cpu"]);
    expect(isolate(["cpu"], "cpu", false)).toEqual([]);
    expect(isolate(["cpu", "load"], "cpu", false)).toEqual(["cpu"]);
    expect(isolate(["cpu"], "load", true)).toEqual(["cpu", "load"]);
    expect(isolate(["cpu", "load"], "cpu", true)).toEqual(["load"]);
  });
});
