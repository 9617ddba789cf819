import type { LiveStatus } from "../../sdk/live-types.ts";
import { formatAge } from "./format.ts";

/** The connection in a tone and a few words: live · reconnecting in 3 s · offline, data is 42 s old. */
export function describeLink(
  status: LiveStatus | undefined,
  newestAt: number,
  nowMs: number,
): { tone: "ok" | "warn" | "critical" | "muted"; words: string } {
  switch (status?.light) {
    case undefined:
      return { tone: "muted", words: "not live" };
    case "live":
      return { tone: "ok", words: "live" };
    case "reconnecting":
      // Rounded and without a countdown: the status itself changes when the next attempt starts.
      return { tone: "warn", words: status.inMs >= 1_000 ? `reconnecting in ${Math.ceil(status.inMs / 1_000)} s` : "reconnecting" };
    case "offline": {
      if (status.stopped && status.reason === "unauthorized") return { tone: "critical", words: "signed out elsewhere" };
      if (status.stopped && status.reason === "denied") return { tone: "muted", words: "not live for your role" };
      return { tone: "critical", words: newestAt > 0 ? `offline, data is ${formatAge(nowMs - newestAt)} old` : "offline" };
    }
  }
}
