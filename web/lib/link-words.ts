import type { LiveStatus } from "../../sdk/live-types.ts";
import { formatAge } from "./format.ts";

/** The connection in a tone and a few words: live · reconnecting in 3 s · offline, data is 42 s old. */
export function describeLink(
  status: LiveStatus | undefined,
  retryAtMs: number,
  newestAt: number,
  nowMs: number,
): { tone: "ok" | "warn" | "critical" | "muted"; words: string } {
  switch (status?.light) {
    case undefined:
      return { tone: "muted", words: "connecting" };
    case "live":
      return { tone: "ok", words: "live" };
    case "reconnecting": {
      const waitS = Math.ceil((retryAtMs - nowMs) / 1_000);
      return { tone: "warn", words: waitS > 0 ? `reconnecting in ${waitS} s` : "reconnecting" };
    }
    case "offline": {
      if (status.stopped && status.reason === "unauthorized") return { tone: "critical", words: "signed out elsewhere" };
      if (status.stopped && status.reason === "denied") return { tone: "muted", words: "not live for your role" };
      return { tone: "critical", words: newestAt > 0 ? `offline, data is ${formatAge(nowMs - newestAt)} old` : "offline" };
    }
  }
}
