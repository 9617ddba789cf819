import type { Mutation } from "../mutation.ts";

export const SDK_MUTATIONS: readonly Mutation[] = [
  {
    rule: "SD2",
    defect: "sends the page's cookie along with a key",
    file: "sdk/transport.ts",
    find: 'credentials: options.key === undefined ? "same-origin" : "omit"',
    replace: 'credentials: "same-origin"',
    test: "sdk/client.test.ts",
  },
  {
    rule: "SD4",
    defect: "repeats a sign-in",
    file: "sdk/transport.ts",
    find: 'if (repeat === "never" || attempt',
    replace: "if (attempt",
    test: "sdk/transport.test.ts",
  },
  {
    rule: "SD5",
    defect: "repeats a change under another Idempotency-Key",
    file: "sdk/transport.ts",
    find: "caller?.throwIfAborted();\n      let failure",
    replace: 'if (attempt > 0 && repeat === "keyed") headers.set("idempotency-key", newKey());\n      let failure',
    test: "sdk/transport.test.ts",
  },
  {
    rule: "SD6",
    defect: "repeats before Retry-After",
    file: "sdk/transport.ts",
    find: "Math.max(backoffMs(RETRY, attempt, random()), (failure.retryAfterS ?? 0) * 1_000)",
    replace: "backoffMs(RETRY, attempt, random())",
    test: "sdk/transport.test.ts",
  },
  {
    rule: "SD9",
    defect: "stops after the first page",
    file: "sdk/pages.ts",
    find: "cursor = page.nextCursor ?? undefined;",
    replace: "cursor = undefined;",
    test: "sdk/client.test.ts",
  },
];
