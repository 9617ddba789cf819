import { toHex } from "../../contract/base64.ts";
import type { RandomBytes } from "../../contract/ids.ts";

/** One request's place in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/). */
export interface Trace {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** Our span within the trace: 16 hex digits, new for every request. */
  readonly spanId: string;
  /** The caller's span, when it sent a valid traceparent. */
  readonly parentId: string | undefined;
  readonly sampled: boolean;
}

// Version 00 is exactly this long; a later version may go on after a dash and keeps these four fields (section 3.2.3).
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Continues the caller's trace when its header is valid to the letter, else starts a new one. */
export function traceFrom(header: string | null, random: RandomBytes): Trace {
  const spanId = toHex(random(new Uint8Array(8)));
  const match = header && header.length <= 512 ? TRACEPARENT.exec(header) : null;
  const [, version = "", traceId = "", parentId = "", flags = "", rest] = match ?? [];
  const valid = match && version !== "ff" && !(version === "00" && rest !== undefined) && !/^0+$/.test(traceId) && !/^0+$/.test(parentId);
  if (!valid) return { traceId: toHex(random(new Uint8Array(16))), spanId, parentId: undefined, sampled: false };
  return { traceId, spanId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The `traceparent` of what we call and answer: always version 00. */
export function traceparentOf(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`;
}
