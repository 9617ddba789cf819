import { describe, expect, it } from "vitest";
import { filterCommands, fit } from "./palette.ts";

const COMMANDS = [
  { title: "Hosts", kind: "page" },
  { title: "Host agents", kind: "page" },
  { title: "Keys", kind: "page" },
  { title: "web-host-1", kind: "host" },
  { title: "db-primary", kind: "host" },
  { title: "Theme: Dark", kind: "action" },
];
const titles = (typed: string) => filterCommands(typed, COMMANDS).map(({ title }) => title);

describe("palette", () => {
  it("[UI6] shows everything in its order while nothing is typed", () => {
    expect(titles("  ")).toEqual(COMMANDS.map(({ title }) => title));
  });

  it("[UI6] puts a start before the start of a word, that before the middle, and letters in order last", () => {
    expect(titles("host")).toEqual(["Hosts", "Host agents", "web-host-1", "db-primary"]);
    expect(fit("key", "Keys")).toBeGreaterThan(fit("key", "api key"));
    expect(fit("key", "api key")).toBeGreaterThan(fit("key", "monkey"));
    expect(fit("key", "monkey")).toBeGreaterThan(fit("key", "kernel every"));
  });

  it("[UI6] finds by letters in order and by kind with a name, and nothing that lacks a letter", () => {
    expect(titles("dbp")).toEqual(["db-primary"]);
    expect(titles("host primary")).toEqual(["db-primary"]);
    expect(titles("zzz")).toEqual([]);
  });

  it("[UI6] names a limit", () => {
    expect(filterCommands("", COMMANDS, 2)).toHaveLength(2);
  });
});
