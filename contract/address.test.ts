import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { callObject, OBJECT_KINDS, type ObjectAddress, objectAt, objectName, parseObjectName } from "./address.ts";

const part = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" });
const address: fc.Arbitrary<ObjectAddress> = fc.record({ tenantId: part, kind: fc.constantFrom(...OBJECT_KINDS), name: part });

describe("object names", () => {
  it("[KT8] two addresses never share a name, and a name gives its address back", () => {
    fc.assert(
      fc.property(address, address, (a, b) => {
        expect(parseObjectName(objectName(a))).toEqual(a);
        expect(objectName(a) === objectName(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  it("[KT8] parts that hold separators, dots or escapes stay within their part", () => {
    const hostile = { tenantId: "a/tenant/b", kind: "hub", name: "../%2F?#\u0000" } as const;
    expect(objectName(hostile).split("/")).toHaveLength(3);
    expect(parseObjectName(objectName(hostile))).toEqual(hostile);
  });

  it("[KT8] text that no address makes is refused", () => {
    for (const bad of [
      "",
      "a",
      "a/tenant",
      "a/tenant/",
      "/tenant/b",
      "a/nothing/b",
      "a/tenant/b/c",
      "a/tenant/%",
      "a/tenant/%62",
      "a/tenant/b c",
    ]) {
      expect(() => parseObjectName(bad)).toThrow("not an object name");
    }
  });
});

describe("stubs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const calls: unknown[] = [];
  const namespace = {
    getByName: (name: string, options?: { locationHint?: string }) => (calls.push([name, options]), name),
    jurisdiction: (jurisdiction: string) => ({ getByName: (name: string) => `${jurisdiction}:${name}` }),
  };
  const eu: ObjectAddress = { tenantId: "t", kind: "tenant", name: "main" };

  it("[KT9] hint and jurisdiction are applied when a tenant has them", () => {
    expect(objectAt(namespace, eu)).toBe("t/tenant/main");
    expect(objectAt(namespace, eu, { locationHint: "weur" })).toBe("t/tenant/main");
    expect(calls).toEqual([
      ["t/tenant/main", {}],
      ["t/tenant/main", { locationHint: "weur" }],
    ]);
    expect(objectAt(namespace, eu, { jurisdiction: "eu" })).toBe("eu:t/tenant/main");
    // A single node has no jurisdictions.
    expect(objectAt({ getByName: (name: string) => name }, eu, { jurisdiction: "eu" })).toBe("t/tenant/main");
  });

  it("[KT9] a call is tried again only when the platform says so, and never on an overloaded object", async () => {
    const attempts = async (marks: object) => {
      let calls = 0;
      const attempt = async () => {
        calls += 1;
        if (calls < 3) throw Object.assign(new Error("no"), marks);
        return calls;
      };
      const result = callObject(attempt).catch(() => `gave up after ${calls}`);
      await vi.runAllTimersAsync();
      return await result;
    };
    expect(await attempts({ retryable: true })).toBe(3);
    expect(await attempts({ retryable: true, overloaded: true })).toBe("gave up after 1");
    expect(await attempts({ retryable: false })).toBe("gave up after 1");
    expect(await attempts({})).toBe("gave up after 1");
  });
});
