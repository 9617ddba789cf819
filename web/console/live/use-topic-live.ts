import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { LiveEvent } from "../../../sdk/live-types.ts";
import { paused } from "../../lib/clock.ts";
import { follow } from "../live.ts";

/** Messages on screen at most. */
const SHOWN = 100;

export interface TopicLive {
  /** Since the drawer was opened, newest first. */
  readonly news: Signal<readonly LiveEvent[]>;
  /** Whether they come by themselves; a reason when they do not. */
  readonly state: Signal<"connecting" | "live" | { readonly refused: string }>;
}

/** What is published on a topic from now on, over the page's one socket. Paused, it is kept aside and shown on going on. */
export function useTopicLive(topic: string, again: () => void): TopicLive {
  const live = useMemo<TopicLive>(() => ({ news: signal([]), state: signal("connecting") }), [topic]);
  useEffect(() => {
    let held: LiveEvent[] = [];
    const show = (events: readonly LiveEvent[]) => {
      if (events.length > 0) live.news.value = [...events.toReversed(), ...live.news.peek()].slice(0, SHOWN);
    };
    const stop = follow(topic, {
      event: (event) => {
        if (paused.peek()) held = [...held, event].slice(-SHOWN);
        else show([event]);
      },
      subscribed: (_position, recovered) => {
        live.state.value = "live";
        if (!recovered) again();
      },
      gap: again,
      refused: (_code, detail) => (live.state.value = { refused: detail }),
    });
    const resumed = paused.subscribe((on) => {
      if (on) return;
      show(held);
      held = [];
    });
    return () => {
      stop();
      resumed();
    };
  }, [topic]);
  return live;
}
