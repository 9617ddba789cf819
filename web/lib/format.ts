/** What a number measures; decides its unit, its scale and whether zero belongs on an axis. */
export const UNITS = [
  "count",
  "ratio",
  "bytes",
  "bytesPerSecond",
  "perSecond",
  "milliseconds",
  "seconds",
  "celsius",
  "load",
  "plain",
] as const;
export type Unit = (typeof UNITS)[number];

/** What stands where a number is missing. */
export const NOTHING = "–";

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const DECIMAL = ["", "k", "M", "G", "T"];

/** Three significant digits without an exponent and without trailing noise: 0.12, 1.2, 12.4, 124. */
export function threeDigits(value: number): string {
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(3, Math.max(0, 2 - size));
  const text = value.toFixed(decimals);
  return text.includes(".") ? text.replace(/\.?0+$/, "").replace(/^-0$/, "0") : text;
}

function scaled(value: number, base: number, prefixes: readonly string[]): { text: string; prefix: string } {
  let index = 0;
  let rest = value;
  // 999.5 would be written as 1000: the next prefix reads better.
  while (Math.abs(rest) >= (base === 1024 ? 1023.5 : 999.5) && index < prefixes.length - 1) {
    rest /= base;
    index++;
  }
  return { text: threeDigits(rest), prefix: prefixes[index] ?? "" };
}

function joined(text: string, unit: string): string {
  return unit ? `${text} ${unit}` : text;
}

/** What three decimals would round to nothing, in powers of ten: `4.2e-6`. */
function small(value: number): string {
  return value === 0 ? "0" : value.toExponential(1).replace(".0e", "e");
}

/** Milliseconds below a second, microseconds below one, else the two largest parts. */
function shortTime(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 1_000) return size < 10_000 ? `${threeDigits(ms / 1_000)} s` : formatDuration(ms);
  return size < 1 && size > 0 ? `${threeDigits(ms * 1_000)} \u00b5s` : `${threeDigits(ms)} ms`;
}

/** A number with its unit for reading: `1.2 GiB`, `340 ms`, `12.4 k/s`, `37 %`. A missing one is a dash. */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  switch (unit) {
    case "ratio": {
      const percent = value * 100;
      return `${Math.abs(percent) >= 10 ? percent.toFixed(0) : percent.toFixed(1).replace(/\.0$/, "")} %`;
    }
    case "bytes":
    case "bytesPerSecond": {
      const { text, prefix } = scaled(value, 1024, BINARY);
      return `${text} ${prefix}${unit === "bytes" ? "" : "/s"}`;
    }
    case "perSecond": {
      const { text, prefix } = scaled(value, 1000, DECIMAL);
      return `${text === "0" ? small(value) : text} ${prefix}/s`;
    }
    case "count":
    case "plain": {
      const { text, prefix } = scaled(value, 1000, DECIMAL);
      return joined(text === "0" ? small(value) : text, prefix);
    }
    case "milliseconds":
      return shortTime(value);
    case "seconds":
      return shortTime(value * 1_000);
    case "celsius":
      return `${value.toFixed(0)} °C`;
    case "load":
      return value.toFixed(2);
  }
}

/** The exact number with its plain unit, for tooltips and for copying. */
export function exactValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const plain: Record<Unit, string> = {
    count: "",
    ratio: "",
    bytes: "B",
    bytesPerSecond: "B/s",
    perSecond: "/s",
    milliseconds: "ms",
    seconds: "s",
    celsius: "°C",
    load: "",
    plain: "",
  };
  const text = value !== 0 && Math.abs(value) < 1e-4 ? small(value) : value.toLocaleString("en", { maximumFractionDigits: 6 });
  return joined(text, plain[unit]);
}

/** A difference with its sign and the period it is against: `+12 % vs last week`. */
export function formatDelta(now: number, before: number, period: string): string {
  if (before === 0) return now === 0 ? `no change vs ${period}` : `new vs ${period}`;
  const percent = ((now - before) / Math.abs(before)) * 100;
  const sign = percent > 0 ? "+" : percent < 0 ? "\u2212" : "\u00b1";
  return `${sign}${threeDigits(Math.abs(percent))} % vs ${period}`;
}

const SPANS = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: 1_000 },
] as const;

/** A length of time in its two largest parts: `3 d 4 h`, `12 min`, `42 s`, `340 ms`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return NOTHING;
  const sign = ms < 0 ? "\u2212" : "";
  let rest = Math.abs(ms);
  if (rest < 1_000) return `${sign}${threeDigits(Math.round(rest))} ms`;
  const parts: string[] = [];
  for (const { unit, ms: size } of SPANS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return sign + parts.join(" ");
}

/** One part only: ages tick, and a second part would flicker. `just now`, `42 s`, `3 min`, `5 h`, `2 d`. */
export function formatAge(ms: number): string {
  const whole = Math.max(0, ms);
  const span = SPANS.find(({ ms: size }) => whole >= size);
  return span ? `${Math.floor(whole / span.ms)} ${span.unit}` : "just now";
}

/** `sample 4 s old`, for a sample of this age. */
export function sampleWords(ageMs: number): string {
  return ageMs < 1_000 ? "sample of this second" : `sample ${formatAge(ageMs)} old`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const dayAndClock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** `06:12`, in the viewer's zone. */
export function formatClock(atMs: number): string {
  return clock.format(atMs);
}

/** `20 Nov 2026, 06:12:41 CET`, in the viewer's zone, for tooltips and copying. */
export function formatExact(atMs: number): string {
  return exact.format(atMs);
}

/** Relative within a day (`3 min ago`, `in 5 h`), else the day and the clock: `18 Nov, 06:12`. */
export function formatWhen(atMs: number, nowMs: number): string {
  const gap = nowMs - atMs;
  if (Math.abs(gap) >= 86_400_000) return dayAndClock.format(atMs);
  if (Math.abs(gap) < 1_000) return "just now";
  return gap > 0 ? `${formatAge(gap)} ago` : `in ${formatAge(-gap)}`;
}

/** Both ends of a span with the zone, the day only where it is needed: `20 Nov, 06:00 – 07:30 CET`. */
export function formatSpan(fromMs: number, toMs: number): string {
  const sameDay = new Date(fromMs).toDateString() === new Date(toMs).toDateString();
  const zone = exact.formatToParts(toMs).find((part) => part.type === "timeZoneName")?.value ?? "";
  return `${dayAndClock.format(fromMs)} \u2013 ${sameDay ? clock.format(toMs) : dayAndClock.format(toMs)} ${zone}`.trim();
}

/** `1 host`, `3 hosts`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
