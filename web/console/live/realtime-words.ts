import type { RealtimeStats } from "../../../contract/realtime.ts";
import { formatValue, plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** Deliveries slower than this at the 99th percentile are felt as slow. */
const SLOW_MS = 200;
/** Closes that say that something is wrong with us or a client, in words. */
const CLOSE_WORDS: Readonly<Record<string, string>> = {
  1006: "connection lost",
  1011: "our fault",
  1012: "restart",
  4101: "read too slowly",
  4400: "malformed frames",
  4401: "credential ended",
  4403: "denied or removed",
  4404: "room is gone",
  4408: "no credential in time",
  4410: "counted differently",
  4413: "frame too large",
  4429: "too many frames",
};

export function closeWords(code: string): string {
  return CLOSE_WORDS[code] ?? `code ${code}`;
}

/** The first line of the page: whether live delivery is all right. */
export function realtimeHead(stats: RealtimeStats): { readonly tone: Tone; readonly headline: string; readonly detail: string } {
  const { sockets, delivery, refusedRecoveries, shed, deliveriesPerSecond } = stats;
  const detail = `${formatValue(deliveriesPerSecond, "perSecond")} deliveries, ${stats.objects === 0 ? "nothing is active" : `${plural(stats.objects, "active object")}`}`;
  if (sockets === 0)
    return { tone: "muted", headline: "Nobody is connected", detail: "Sockets show here within a minute of their first message." };
  if (delivery.p99Ms !== null && delivery.p99Ms > SLOW_MS)
    return {
      tone: "warn",
      headline: `${plural(sockets, "socket")}, delivery is slow`,
      detail: `99 of 100 deliveries take up to ${delivery.p99Ms} ms. ${detail}.`,
    };
  if (refusedRecoveries > 0)
    return {
      tone: "warn",
      headline: `${plural(sockets, "socket")}, some lost their place`,
      detail: `${plural(refusedRecoveries, "client")} had to read everything anew. ${detail}.`,
    };
  if (shed > 0)
    return {
      tone: "warn",
      headline: `${plural(sockets, "socket")}, low priority is shed`,
      detail: `${plural(shed, "publication")} left out. ${detail}.`,
    };
  return { tone: "ok", headline: `${plural(sockets, "socket")}, all delivered`, detail: `${detail}.` };
}

/** Bytes after something that makes them fewer: `1.2 MB, 87 % less`. */
export function bytesWords(before: number, after: number): string {
  const bytes = formatValue(after, "bytes");
  return after === 0 || before <= after ? bytes : `${bytes}, ${Math.round((1 - after / before) * 100)} % less`;
}
