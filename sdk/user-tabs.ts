import type { HeldSession } from "./user-session.ts";

/** What tabs of one page tell each other. */
export type TabMessage =
  /** The newest session, or null: signed out. `at` orders them. */
  | { readonly type: "session"; readonly at: number; readonly session: HeldSession | null }
  /** A tab that has just opened asks what the others have. */
  | { readonly type: "ask" };

/** The other tabs of the same page, as far as the platform offers them. */
export interface Tabs {
  send(message: TabMessage): void;
  onMessage(listener: (message: TabMessage) => void): void;
  /** Runs the work while no other tab runs its own. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Other tabs through BroadcastChannel and Web Locks. Outside of a page there are none, though Node has both: users of one program
 * are different people, and would take over each other's sessions.
 */
export function tabsOf(name: string): Tabs {
  const inPage = typeof document !== "undefined";
  const channel = inPage && typeof BroadcastChannel !== "undefined" ? new BroadcastChannel(name) : undefined;
  const locks = inPage ? (navigator.locks as LockManager | undefined) : undefined; // absent on plain http pages
  let last: Promise<unknown> = Promise.resolve();
  return {
    send: (message) => channel?.postMessage(message),
    onMessage: (listener) => {
      channel?.addEventListener("message", ({ data }) => {
        if (isTabMessage(data)) listener(data);
      });
    },
    alone: async <T>(work: () => Promise<T>): Promise<T> => {
      // Also within this tab one after the other, where there are no locks.
      const turn = last.then(async () => (locks ? await locks.request(name, work) : await work()));
      last = turn.catch(() => undefined); // the failure is its caller's
      return await turn;
    },
    close: () => channel?.close(),
  };
}

/** Only pages of this very origin can send here; still, another release of ours may. */
function isTabMessage(data: unknown): data is TabMessage {
  if (typeof data !== "object" || data === null || !("type" in data)) return false;
  return data.type === "ask" || (data.type === "session" && "at" in data && typeof data.at === "number" && "session" in data);
}
