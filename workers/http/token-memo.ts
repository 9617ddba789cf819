import { keyRing, type KeyRing } from "../../contract/key-ring.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { accessOf } from "./access-cache.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { type GenuineToken, type Judgement, judgeToken, standing, type TokenScene } from "./token-verify.ts";

export const TOKEN_MEMO_LIMITS = {
  tokens: 5_000,
  /** Of all texts with what was read from them, a sixteenth of what an isolate has. */
  bytes: 8 * 1024 * 1024,
  /** A longer token is judged anew each time: a few of them would push everybody else's out. */
  tokenChars: 2_048,
} as const;

/** Besides its text: the principal, whose parts were that text's, and the map's own. */
const bytesOf = (text: string): number => 4 * text.length + 500;

interface Known {
  readonly token: GenuineToken;
  /** Of the tenant, when the token was found genuine: keys and issuers change with it. */
  readonly configVersion: number;
  /** By which its `kid` was ours: a key that left the ring takes its tokens along. */
  readonly ring: KeyRing;
}

const memo = new Lru<Known>(TOKEN_MEMO_LIMITS.tokens, TOKEN_MEMO_LIMITS.bytes);
registerIsolateCache(() => memo.clear());

/**
 * Like {@link judgeToken}, for a token that comes again and again: that it is genuine is remembered, its time and what was revoked
 * are looked at each time.
 * @throws when the tenant's object or an issuer's keys (`JwksError`) cannot be read
 */
export async function verifyToken(text: string, scene: TokenScene): Promise<Judgement> {
  const { env, ctx, now, tenantId } = scene;
  const name = tenantId === undefined ? text : `${tenantId} ${text}`;
  const known = memo.get(name, now);
  if (known?.ring === keyRing(env)) {
    const access = await accessOf(env, ctx, known.token.principal.tenantId, now);
    if (access?.configVersion === known.configVersion) return { ...standing(known.token, access, now), access };
  }
  const judged = await judgeToken(text, scene);
  if (judged.checked.ok && judged.access && text.length <= TOKEN_MEMO_LIMITS.tokenChars) {
    const token = judged.checked.value;
    const until = Math.min(token.keyUntil, (token.times.exp + SUBJECT_LIMITS.clockSkewS) * 1_000);
    memo.set(name, { token, configVersion: judged.access.configVersion, ring: keyRing(env) }, until, bytesOf(text));
  }
  return judged;
}
