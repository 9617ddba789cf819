import type { RequestContext } from "./request-context.ts";

/** Where log lines go, one JSON object each. */
export type LogSink = (line: Readonly<Record<string, unknown>>) => void;

export const consoleSink: LogSink = (line) => {
  console.log(JSON.stringify(line));
};

/** Which requests are logged: every one, only failures of ours (5xx), or none. */
export type LogLevel = "all" | "errors" | "off";

export function logLevel(text: string | undefined): LogLevel {
  return text === "errors" || text === "off" ? text : "all";
}

/** One line per request. It names the route pattern and never the URL: paths and query strings can carry tickets. */
export function requestLine(context: RequestContext, method: string, status: number, now: number): Readonly<Record<string, unknown>> {
  return {
    at: new Date(now).toISOString(),
    level: status >= 500 ? "error" : "info",
    event: "request",
    requestId: context.requestId,
    traceId: context.trace.traceId,
    tenant: context.tenantId ?? null,
    actor: context.actor ?? null,
    action: context.action ?? null,
    method,
    route: context.route ?? null,
    status,
    outcome: context.outcome ?? (status < 400 ? "ok" : "refused"),
    ...(context.denial === undefined ? {} : { denial: context.denial }),
    durationMs: now - context.startedAt,
  };
}

/** A thrown error with its stack, for the log only. */
export function errorLine(context: RequestContext, error: unknown, now: number): Readonly<Record<string, unknown>> {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return {
    at: new Date(now).toISOString(),
    level: "error",
    event: "thrown",
    requestId: context.requestId,
    tenant: context.tenantId ?? null,
    route: context.route ?? null,
    error: { name, message, stack },
  };
}
