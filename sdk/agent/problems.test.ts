import { describe, expect, it } from "vitest";
import { agentHealthSchema } from "../../contract/agents.ts";
import { createLog } from "./log.ts";
import { Problems } from "./problems.ts";
import { memoryLog } from "./testing.ts";

describe("Problems", () => {
  it("[AG75] logs one line when something starts and one when it ends, however often it is seen", () => {
    const log = memoryLog();
    const problems = new Problems(log);
    for (let i = 0; i < 100; i++) problems.raise("server", `away, try ${i}`, i);
    expect(problems.lines(100)).toEqual(["server: away, try 99"]);
    problems.clear("server");
    problems.clear("server");
    expect(log.lines).toEqual(["warning: server: away, try 0", "server: fine again"]);
  });

  it("[AG75] what merely happened fades after five minutes", () => {
    const problems = new Problems(memoryLog());
    problems.note("batch dropped", "400", 0);
    expect(problems.lines(300_000)).toHaveLength(1);
    expect(problems.lines(300_001)).toEqual([]);
  });

  it("[AG70] reports no more and no longer lines than a health report takes, the newest first", () => {
    const problems = new Problems(memoryLog());
    for (let i = 0; i < 30; i++) problems.raise(`topic ${i}`, "x".repeat(500), i);
    const lines = problems.lines(30);
    expect(lines[0]).toMatch(/^topic 29:/);
    expect(agentHealthSchema.shape.problems.safeParse(lines).success).toBe(true);
  });
});

describe("createLog", () => {
  const linesOf = (format: "plain" | "json", message: string): string => {
    const lines: string[] = [];
    createLog(
      format,
      (line) => lines.push(line),
      () => 0,
    ).warn(message);
    return lines.join("|");
  };

  it("[AG75] writes one line per change, plain or JSON, and a foreign text cannot forge another", () => {
    expect(linesOf("plain", "server: away")).toBe("1970-01-01T00:00:00.000Z warning: server: away");
    expect(linesOf("plain", "a\n1970 all fine\u001b[2J")).toBe("1970-01-01T00:00:00.000Z warning: a 1970 all fine [2J");
    expect(JSON.parse(linesOf("json", 'say "hi"'))).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      level: "warn",
      source: "meridian-agent",
      message: 'say "hi"',
    });
  });
});
