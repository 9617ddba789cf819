const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", year: "numeric", month: "long", day: "numeric" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
/** Formatting a day costs some microseconds, and a list asks it of each message: the last hours asked about are remembered. */
const known = new Map<number, string>();
const KNOWN = 5_000;
const HOUR_MS = 3_600_000;

/** The day of a time in the viewer's zone, in words. */
export function formatDay(at: number): string {
  // Every zone's midnight is at a quarter of an hour.
  const quarter = Math.floor(at / (HOUR_MS / 4));
  let text = known.get(quarter);
  if (text === undefined) {
    text = DAY.format(at);
    if (known.size >= KNOWN) known.clear();
    known.set(quarter, text);
  }
  return text;
}

export function formatTime(at: number): string {
  return TIME.format(at);
}
