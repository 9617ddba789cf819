import { Meridian } from "../../sdk/client.ts";
import { signal } from "@preact/signals";
import { noteServerTime } from "../lib/clock.ts";
import { noteContact } from "../lib/contact.ts";

/** Rises with every answer that says the session is over: it ended elsewhere, or with time. */
export const sessionEnded = signal(0);

/** Rises with every answer that says the role does not allow it: it may have changed. */
export const refused = signal(0);

/** The console's way to the server: its own origin, its session cookie, two attempts because a person is waiting. */
export const api = new Meridian({
  attempts: 2,
  timeoutMs: 15_000,
  fetch: async (url, init) => {
    const response = await fetch(url, init);
    if (response.status < 500) noteContact();
    noteServerTime(Date.parse(response.headers.get("date") ?? ""));
    if (response.status === 401 && !url.includes("/v1/auth/")) sessionEnded.value++;
    if (response.status === 403 && !/\/v1\/(auth\/|me$)/.test(url)) refused.value++;
    return response;
  },
});
