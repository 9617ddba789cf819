import { describe, expect, it } from "vitest";
import { cryptoRandom } from "../../contract/ids.ts";
import { type ProblemBody, testApp } from "./testing.ts";
import { traceFrom, traceparentOf } from "./trace.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const SANE = ["a", "build-17.step_4:x", "A".repeat(128)];
const NOT_SANE = ["", "has space", "-leading", "A".repeat(129), "<script>", 'quote"d'];

describe("request id", () => {
  it.each(SANE)("[HT2] takes over the caller's X-Request-Id %s", async (id) => {
    const response = await testApp().call("/v1/none", { headers: { "x-request-id": id } });
    expect(response.headers.get("x-request-id")).toBe(id);
    expect((await response.json<ProblemBody>()).requestId).toBe(id);
  });

  it.each(NOT_SANE)("[HT2] replaces the X-Request-Id %j", async (id) => {
    const response = await testApp().call("/v1/none", { headers: { "x-request-id": id } });
    expect(response.headers.get("x-request-id")).toMatch(UUID_V7);
  });
});

describe("traceparent", () => {
  const TRACE = "0af7651916cd43dd8448eb211c80319c";
  const PARENT = "b7ad6b7169203331";

  it("[HT3] continues a valid trace with a span of its own, in answer and context", async () => {
    const response = await testApp().call("/v1/none", { headers: { traceparent: `00-${TRACE}-${PARENT}-01` } });
    const answered = response.headers.get("traceparent") ?? "";
    expect(answered).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(answered).not.toContain(PARENT);
  });

  it.each([
    ["a later version with more fields", `01-${TRACE}-${PARENT}-01-extra`, true],
    ["unknown flags", `00-${TRACE}-${PARENT}-ff`, true],
    ["version 00 with more fields", `00-${TRACE}-${PARENT}-01-extra`, false],
    ["version ff", `ff-${TRACE}-${PARENT}-01`, false],
    ["upper case", `00-${TRACE.toUpperCase()}-${PARENT}-01`, false],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${PARENT}-01`, false],
    ["a parent id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`, false],
    ["a short trace id", `00-${TRACE.slice(1)}-${PARENT}-01`, false],
    ["two headers joined", `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`, false],
    ["an endless one", `01-${TRACE}-${PARENT}-01-${"x".repeat(500)}`, false],
    ["nothing", null, false],
  ])("[HT3] handles %s", (_what, header, continued) => {
    const trace = traceFrom(header, cryptoRandom);
    expect(trace.traceId === TRACE).toBe(continued);
    expect(trace.parentId).toBe(continued ? PARENT : undefined);
    expect(traceparentOf(trace)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });
});
