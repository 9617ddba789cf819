/** Two clocks: the wall for time stamps, a monotonic one for everything that waits or measures, because walls jump. */
export interface Clock {
  /** Epoch milliseconds. */
  wallMs(): number;
  /** Milliseconds that only rise, from any origin. */
  monoMs(): number;
}

export interface Timers {
  /** Runs once after that many milliseconds; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = { wallMs: () => Date.now(), monoMs: () => performance.now() };

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * How long to wait for the next round. Rounds lie at a fixed phase of the interval on the wall clock, so that a step of a chart holds
 * exactly one sample, and hosts differ in phase, so that a fleet does not send in unison. The wall only chooses within one interval: whatever
 * it does, the wait is between half an interval and one and a half.
 * @param sinceLastMs since the last round began, monotonic; undefined before the first
 */
export function delayToNextRound(wallMs: number, intervalMs: number, phaseMs: number, sinceLastMs: number | undefined): number {
  const into = (((wallMs - phaseMs) % intervalMs) + intervalMs) % intervalMs;
  const delay = intervalMs - into;
  return sinceLastMs !== undefined && sinceLastMs + delay < intervalMs / 2 ? delay + intervalMs : delay;
}

/** A host's phase: away from the edges of a step, where a late timer would put two samples into one step and none into the next. */
export function phaseOf(host: string, intervalMs: number): number {
  let hash = 0x811c9dc5; // FNV-1a, 32 bits
  for (let i = 0; i < host.length; i++) hash = Math.imul(hash ^ host.charCodeAt(i), 0x01000193) >>> 0;
  // Names that differ in their last digit differ in the low bits only: murmur3's finaliser spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return Math.floor(intervalMs * (0.15 + 0.7 * (hash / 2 ** 32)));
}
