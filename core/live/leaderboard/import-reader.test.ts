import { expect, it } from "vitest";
import { LEADERBOARD_LIMITS as L } from "../../../contract/leaderboard-limits.ts";
import { ImportReader, type ReadLine } from "./import-reader.ts";

const line = (player: string, more = "") =>
  JSON.stringify({ player, score: 1, occurredAt: "2026-11-20T18:00:00Z", ...(more ? { name: more } : {}) });
function readAll(text: string | Uint8Array<ArrayBuffer>, afterLine?: number): ReadLine[] {
  const reader = new ImportReader(typeof text === "string" ? new TextEncoder().encode(text) : text, afterLine);
  const lines: ReadLine[] = [];
  for (let read = reader.read(); read !== undefined; read = reader.read()) lines.push(read);
  return lines;
}
const told = (lines: readonly ReadLine[]) => lines.map((read) => `${read.line} ${read.ok ? read.score.player : read.detail}`);

it("[LB37] reads an import line by line, passes over empty ones, and names what is wrong with a line by its number", () => {
  const text = `${line("ann")}\r\n\n   \n${line("bob")}\n{"player":"c"}\nhello\n{"player":"d","score":1}\n${line("eve")}`;
  expect(told(readAll(text))).toEqual([
    "1 ann",
    "4 bob",
    "5 /score: Send either score or delta.",
    "6 The line is not a JSON object in UTF-8.",
    "7 /occurredAt: Say when it happened, such as 2026-11-20T18:00:00Z.",
    "8 eve",
  ]);
});

it("[LB37] goes on after a line", () => {
  expect(told(readAll(`${line("a")}\n\n${line("b")}\n${line("c")}\n`, 2))).toEqual(["3 b", "4 c"]);
  expect(readAll(`${line("a")}\n`, 9)).toEqual([]);
});

it("[LB37] reads a line of 4 KiB, and refuses a longer one alone", () => {
  const padded = (bytes: number) => line("ann").padEnd(bytes, " ");
  expect(told(readAll(`${padded(L.importLineBytes)}\n${padded(L.importLineBytes + 1)}\n${line("bob")}`))).toEqual([
    "1 ann",
    `2 The line has more than ${L.importLineBytes} bytes.`,
    "3 bob",
  ]);
  expect(told(readAll(new Uint8Array([0xff, 0x0a, 0x20])))).toEqual(["1 The line is not a JSON object in UTF-8."]);
});
