import type { AccessKnown } from "../../contract/rpc/access.ts";

/** What an isolate lacks: the config, and revocations after this number. */
export interface AccessDelta {
  readonly config: boolean;
  readonly afterSeq: number;
}

/**
 * What to tell an isolate that stands at `known`.
 * @param ours where the tenant stands. An isolate that is ahead knows a state that a restored backup has undone: it gets everything anew
 */
export function accessDelta(known: AccessKnown | null, ours: AccessKnown): AccessDelta {
  if (!known || known.revocationSeq > ours.revocationSeq || known.configVersion > ours.configVersion) return { config: true, afterSeq: 0 };
  return { config: known.configVersion !== ours.configVersion, afterSeq: known.revocationSeq };
}
