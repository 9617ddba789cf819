import { expect, it } from "vitest";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { ImportLines, type ReadLine } from "./import-lines.ts";

const NOW = 1_800_000_000_000;

function readAll(text: string): ReadLine[] {
  const lines = new ImportLines(new TextEncoder().encode(text), NOW);
  const read: ReadLine[] = [];
  for (let line = lines.read(); line; line = lines.read()) read.push(line);
  return read;
}

const line = (fields: object = {}) => JSON.stringify({ at: NOW, sender: "ben", text: "hello", ...fields });

it("[RM29] an import is read line by line; empty lines count and are left out", () => {
  const read = readAll(`${line()}\n\n  \n${line({ sender: "corp|ann", replyTo: 3 })}\r\n${line({ text: "last" })}`);
  expect(read.map(({ line: n, ...rest }) => [n, rest.ok && rest.value.sender, rest.ok && rest.value.text])).toEqual([
    [1, "minted|ben", "hello"],
    [4, "corp|ann", "hello"],
    [5, "minted|ben", "last"],
  ]);
  expect(readAll("")).toEqual([]);
});

it("[RM29] each fault says its line and its field", () => {
  const long = line({ text: "x".repeat(L.importLineBytes) });
  const faults = readAll(
    [
      "{",
      "[]",
      line({ at: "now" }),
      line({ sender: "no one" }),
      line({ text: "" }),
      line({ extra: 1 }),
      long,
      line({ at: NOW + 60_001 }),
    ].join("\n"),
  );
  expect(faults.map((read) => [read.line, read.ok || read.pointer])).toEqual([
    [1, ""],
    [2, ""],
    [3, "/at"],
    [4, "/sender"],
    [5, "/text"],
    [6, ""],
    [7, ""],
    [8, "/at"],
  ]);
  expect(readAll(line({ at: NOW + 60_000 }))[0]?.ok).toBe(true);
});

it("[RM29] a text of 16 KiB is taken, one byte more is not", () => {
  expect(readAll(line({ text: "x".repeat(L.textBytes) }))[0]?.ok).toBe(true);
  expect(readAll(line({ text: "x".repeat(L.textBytes + 1) }))[0]).toMatchObject({ ok: false, pointer: "/text" });
  expect(readAll(line({ text: "é".repeat(L.textBytes / 2 + 1) }))[0]).toMatchObject({ ok: false, pointer: "/text" });
});
