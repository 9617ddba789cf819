import { computed, signal } from "@preact/signals";
import { now, serverNow } from "./clock.ts";
import { lastKnown } from "./last-known.ts";

/** Epoch milliseconds of the server's last answer or push. */
const contactAt = signal(0);
/** Whether the live socket stands: then silence means that nothing changed. */
export const socketStands = signal(false);

export function noteContact(): void {
  contactAt.value = serverNow();
}

/** The moment up to which the console knows what happened; hosts are judged at it, not at a present it cannot see. */
export const knownAt = computed(() => lastKnown(socketStands.value, contactAt.value, now.value));
