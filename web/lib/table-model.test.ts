import { describe, expect, it } from "vitest";
import { compareCells, csv, readSort, sortText } from "./table-model.ts";

describe("tables", () => {
  it("[UI13] sort numbers by size, words with their numbers counted, and what is missing last either way", () => {
    const sorted = (cells: (string | number | null)[], descending: boolean) => cells.toSorted((a, b) => compareCells(a, b, descending));
    expect(sorted([10, null, 9, 100], false)).toEqual([9, 10, 100, null]);
    expect(sorted([10, null, 9, 100], true)).toEqual([100, 10, 9, null]);
    expect(sorted(["web-10", "web-9"], false)).toEqual(["web-9", "web-10"]);
  });

  it("[UI13] keep their order in the address", () => {
    expect(readSort("-spool", ["host", "spool"])).toEqual({ key: "spool", descending: true });
    expect(sortText({ key: "spool", descending: true })).toBe("-spool");
    expect(readSort("password", ["host"])).toBeUndefined();
  });

  it("[UI13] export what is shown as CSV that a spreadsheet does not run", () => {
    expect(
      csv(
        ["Name", "Size"],
        [
          ['a "b", c', 1.5],
          ["=1+1", null],
        ],
      ),
    ).toBe('Name,Size\r\n"a ""b"", c",1.5\r\n\'=1+1,\r\n');
  });
});
