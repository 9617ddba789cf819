import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import type { EdgeEnv } from "../env.ts";
import { type App, type AppDeps, createApp } from "./app.ts";

/** What a problem document holds, as tests read it. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** The test's bindings as the edge knows them: objects by interface. */
export const edgeEnv = env as unknown as EdgeEnv; // the classes implement the interfaces

/** An app of a test's own, with its log lines caught, and a way to call it that waits for background work. */
export function testApp(deps: Partial<AppDeps> = {}): {
  readonly app: App;
  readonly lines: Readonly<Record<string, unknown>>[];
  readonly call: (path: string, init?: RequestInit, changed?: Partial<EdgeEnv>) => Promise<Response>;
} {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const app = createApp({ log: (line) => void lines.push(line), ...deps });
  return {
    app,
    lines,
    async call(path, init = {}, changed = {}) {
      const ctx = createExecutionContext();
      const url = path.startsWith("http") ? path : `https://meridian.test${path}`;
      const response = await app.fetch(new Request(url, init), { ...edgeEnv, LOG_REQUESTS: "all", ...changed }, ctx);
      await waitOnExecutionContext(ctx);
      return response;
    },
  };
}
