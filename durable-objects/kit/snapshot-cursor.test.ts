import { expect, it } from "vitest";
import { cursorText, readCursor } from "./snapshot-cursor.ts";

it("[KT92] a cursor comes back as it was, whatever the key's cells are", () => {
  const after = [1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "text", new Uint8Array([0, 255]).buffer];
  for (const cursor of [
    { id: "a", table: 3, after },
    { id: "a", table: null, after: null },
  ])
    expect(readCursor(cursorText(cursor))).toEqual(cursor);
});
