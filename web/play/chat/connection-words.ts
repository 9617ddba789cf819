import type { LiveStatus } from "../../../sdk/live.ts";
import { plural } from "../../lib/format.ts";

/** How the connection is, in words and a tone. @param unsent messages that wait */
export function connectionWords(status: LiveStatus, unsent: number): { readonly text: string; readonly tone: "ok" | "warn" | "critical" } {
  const waiting = unsent > 0 ? `, ${plural(unsent, "message")} waiting` : "";
  switch (status.light) {
    case "live":
      return unsent > 0 ? { text: "sending", tone: "ok" } : { text: "connected", tone: "ok" };
    case "reconnecting":
      return {
        text: status.inMs === 0 ? `connecting${waiting}` : `connecting again in ${Math.ceil(status.inMs / 1_000)} s${waiting}`,
        tone: "warn",
      };
    case "offline":
      if (status.stopped && status.reason === "denied") return { text: "you have no access here any more", tone: "critical" };
      if (status.stopped && status.reason === "unauthorized") return { text: "signed out", tone: "critical" };
      return { text: `offline${waiting}`, tone: "critical" };
  }
}
