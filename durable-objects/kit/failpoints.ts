/** Places where crash tests kill the process. */
export type Failpoint = "committed" | "sent" | "consuming" | "sealing";
export type HitFailpoint = (name: Failpoint) => void;

/** What every deployment has: nothing. */
export const NO_FAILPOINTS: HitFailpoint = () => undefined;

export function failpointsOf(spec: string | undefined): HitFailpoint {
  return spec ? NO_FAILPOINTS : NO_FAILPOINTS;
}
