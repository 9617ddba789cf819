import { Meridian } from "../../sdk/client.ts";
import { noteServerTime } from "../lib/clock.ts";

/** The console's way to the server: its own origin, its session cookie, two attempts because a person is waiting. */
export const api = new Meridian({
  attempts: 2,
  timeoutMs: 15_000,
  fetch: async (url, init) => {
    const response = await fetch(url, init);
    noteServerTime(Date.parse(response.headers.get("date") ?? ""));
    return response;
  },
});
