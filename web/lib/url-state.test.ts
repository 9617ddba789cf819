import { describe, expect, it } from "vitest";
import { matchPath, readChoice, readQuery, withQuery } from "./url-state.ts";

describe("state in the address", () => {
  it("[UI4] changes only the parameters named and drops the empty ones", () => {
    expect(withQuery("?b=2&a=1", { a: "3" })).toBe("?a=3&b=2");
    expect(withQuery("?a=1", { a: null })).toBe("");
    expect(withQuery("?a=1", { a: "" })).toBe("");
  });

  it("[UI4] gives equal states equal addresses", () => {
    expect(withQuery("?z=1", { a: "x y" })).toBe(withQuery("?a=x+y", { z: "1" }));
  });

  it("[UI4] takes only values of a closed set", () => {
    expect(readChoice("?state=late", "state", ["all", "late"], "all")).toBe("late");
    expect(readChoice("?state=%3Cscript%3E", "state", ["all", "late"], "all")).toBe("all");
    expect(readQuery("?name=", "name", "none")).toBe("none");
  });

  it("[UI4] matches paths part by part and decodes their parameters", () => {
    const pattern = "/console/observe/hosts/:host";
    expect(matchPath(pattern, "/console/observe/hosts/web%2F1")).toEqual({ host: "web/1" });
    expect(matchPath(pattern, "/console/observe/hosts/web-1/")).toEqual({ host: "web-1" });
    expect(matchPath(pattern, "/console/observe/hosts")).toBeUndefined();
    expect(matchPath(pattern, "/console/observe/hosts/a/b")).toBeUndefined();
    expect(matchPath(pattern, "/console/observe/hosts/%E0%A4%A")).toBeUndefined();
    expect(matchPath("/console/observe", "/console/control")).toBeUndefined();
  });
});
