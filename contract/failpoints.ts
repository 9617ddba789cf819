/**
 * Places at which a crash test kills the process, in the order an event meets them:
 * - `committed`: a change with events is durable, nothing was sent yet
 * - `sent`: the broker took a batch, the outbox has not noted it yet
 * - `consuming`: a consumer has worked on a message and has not acknowledged it yet
 * - `sealing`: a block is being packed, its write-ahead rows still stand
 * - `rolling`: windows of a rollup are written, and do not count yet
 * - `closing`: a window of a leaderboard is frozen, and not all of its rewards are granted
 * - `archiving`: a copy in R2 was read back, and the object has not noted it yet
 * - `importing`: a slice of an import of scores is durable, and not the rest of it
 */
export const FAILPOINTS = ["committed", "sent", "consuming", "sealing", "rolling", "closing", "archiving", "importing"] as const;
export type Failpoint = (typeof FAILPOINTS)[number];
export type HitFailpoint = (name: Failpoint) => void;

/** What every deployment has. */
export const NO_FAILPOINTS: HitFailpoint = () => undefined;

export interface FailpointDeps {
  /** Tells the outside. */
  readonly report: (line: string) => void;
  /** Keeps the process where it is until it is killed; whatever comes after it never happens. */
  readonly hold: () => void;
}

/**
 * Reads the variable `FAILPOINTS`, such as `committed:137,sent:40`: the 137th hit of `committed` and the 40th of `sent`,
 * counted over all objects of the isolate, are reached only once each.
 *
 * How a crash test uses it: start the server with the variable set (`vars` of scripts/serve/server.ts), read the
 * runtime's log lines (`onLog`), and at the line `{"failpoint":"committed","hit":137}` send SIGKILL to the runtime's
 * process group. Code cannot kill its own process here, and a hook that awaits would let other work of the same turn go
 * on; so after the line the isolate stands still in a counted loop of about half a minute, which the kill ends. What was
 * durable before is on disk, what was not is lost, exactly as in a crash at this place. Should nobody kill it, it throws.
 *
 * @throws when the text is not such a list; absent or empty text gives {@link NO_FAILPOINTS}
 */
export function failpointsOf(spec: string | undefined, deps: FailpointDeps = DEPS): HitFailpoint {
  if (!spec) return NO_FAILPOINTS;
  const known = deps === DEPS ? isolate.get(spec) : undefined;
  if (known) return known;
  const left = parse(spec);
  const hits = new Map<Failpoint, number>();
  const hit: HitFailpoint = (name) => {
    const count = (hits.get(name) ?? 0) + 1;
    hits.set(name, count);
    if (left.get(name) !== count) return;
    deps.report(JSON.stringify({ failpoint: name, hit: count }));
    deps.hold();
  };
  if (deps === DEPS) isolate.set(spec, hit);
  return hit;
}

/** Counts are those of the isolate, not of one object, so that a run of many objects has one n-th hit. */
const isolate = new Map<string, HitFailpoint>();

/** About half a minute on the machines this was made on; a clock would stand still. */
const HOLD_STEPS = 30_000_000_000;

const DEPS: FailpointDeps = {
  report: (line) => console.log(line),
  hold: () => {
    let steps = 0;
    while (steps < HOLD_STEPS) steps += 1;
    throw new Error(`held at a failpoint for ${steps} steps and was not killed`);
  },
};

function parse(spec: string): ReadonlyMap<Failpoint, number> {
  return new Map(
    spec.split(",").map((part) => {
      const [text, count] = part.split(":");
      const name = FAILPOINTS.find((candidate) => candidate === text);
      if (!name || !/^[1-9]\d*$/.test(count ?? "")) throw new Error(`FAILPOINTS: "${part}" is not name:count`);
      return [name, Number(count)];
    }),
  );
}
