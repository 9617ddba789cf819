import { signal } from "@preact/signals";
import { LiveClient, liveDeps, type LiveHandler, type LiveStatus } from "../../sdk/live.ts";
import { noteServerTime, paused, serverNow } from "../lib/clock.ts";
import { noteContact, socketStands } from "../lib/contact.ts";
import { api } from "./api.ts";
import { refreshMe } from "./session.ts";

/** How the one live socket is doing; undefined before the frame is there. */
export const link = signal<LiveStatus | undefined>(undefined);
/** Epoch milliseconds on the console's clock when the next attempt starts. */
export const retryAt = signal(0);
/** Updates that arrived while the picture is held. */
export const heldUpdates = signal(0);

let client: LiveClient | undefined;

function theClient(): LiveClient {
  if (client) return client;
  const made = new LiveClient(liveDeps(async () => (await api.connect.ticket()).url));
  made.onStatus((status) => {
    // The first attempt of a visit is no reconnect: until it succeeds or fails for good the light says "connecting".
    if (socketStands.peek() && status.light !== "live") noteContact(); // until now nothing was missed
    socketStands.value = status.light === "live";
    const first = link.peek() === undefined;
    // A changed role closes the socket: it comes back with the new one, or stays away.
    if (!first && (status.light === "live" || (status.light === "offline" && status.stopped))) refreshMe();
    if (first && (status.light === "reconnecting" || (status.light === "offline" && status.reason === "closed"))) return;
    link.value = status;
    retryAt.value = serverNow() + ("inMs" in status ? status.inMs : 0);
  });
  made.connect();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) made.retryNow();
  });
  addEventListener("online", () => made.retryNow());
  paused.subscribe(() => (heldUpdates.value = 0));
  client = made;
  return made;
}

/**
 * Follows a channel over the one socket of the page; the answer ends that. Events pass through while paused: holding the
 * picture is the page's own business, counting is done here.
 */
export function follow(channel: string, handler: LiveHandler): () => void {
  return theClient().subscribe(channel, {
    ...handler,
    event: (event) => {
      noteServerTime(event.at);
      noteContact();
      if (paused.peek()) heldUpdates.value++;
      handler.event(event);
    },
  });
}

/** Opens the socket with the frame, so that the light tells the truth on every page. */
export function startLive(): void {
  theClient();
}

/** Tries again at once; for a person who does not want to wait. */
export function reconnect(): void {
  client?.connect();
  client?.retryNow();
}
