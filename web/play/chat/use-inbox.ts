import { useEffect } from "preact/hooks";
import type { MeridianUser } from "../../../sdk/user.ts";
import { atMostEvery } from "../../lib/at-most-every.ts";

/** Lists are read anew at most this often; and this often when nothing tells of news. */
const REFRESH_MS = 1_000;
const POLL_MS = 10_000;

/** Calls `news` when something is new in one's conversations, and now and then. */
export function useInbox(_user: MeridianUser, news: () => void): void {
  useEffect(() => {
    const soon = atMostEvery(REFRESH_MS, news);
    const timer = setInterval(() => {
      if (!document.hidden) soon();
    }, POLL_MS);
    return () => clearInterval(timer);
  }, []);
}
