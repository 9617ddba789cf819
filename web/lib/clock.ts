import { signal } from "@preact/signals";
import { ClockOffset } from "./server-clock.ts";

const offset = new ClockOffset();

/** The server's present, as well as it is known here: ages and ranges are about its samples, not about this machine's clock. */
export function serverNow(): number {
  return Date.now() + offset.offsetMs;
}

/** Tells the clock of a time that the server wrote a moment ago. */
export function noteServerTime(serverMs: number): void {
  if (Number.isFinite(serverMs)) offset.note(serverMs, Date.now());
}

/** Epoch milliseconds, once a second while the page can be seen: ages and relative times hang on it. */
export const now = signal(0);

/** Whether the person holds the picture: data keeps arriving and being counted, nothing on screen moves. */
export const paused = signal(false);

/** Runs the one clock of the console; a background tab stops it and catches up on return. */
export function startClock(): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = () => {
    if (!paused.peek()) now.value = serverNow();
  };
  const follow = () => {
    clearInterval(timer);
    if (document.hidden) return;
    tick();
    timer = setInterval(tick, 1_000);
  };
  document.addEventListener("visibilitychange", follow);
  paused.subscribe(tick);
  follow();
}
