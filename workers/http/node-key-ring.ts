import { installKeyRing, type KeyRing, keyRing } from "../../contract/key-ring.ts";
import type { EdgeEnv } from "../env.ts";

/**
 * Takes the key ring that a single node's program holds now. Edge and objects share one isolate there, so both have it at once;
 * elsewhere, where a new ring comes with a new version of the scripts, this does nothing.
 * @returns the ring in force @throws when the program does not answer, or answers with what is no ring
 */
export async function pullKeyRing(env: Pick<EdgeEnv, "KEY_RING" | "NODE">): Promise<KeyRing> {
  if (!env.NODE) return keyRing(env);
  const answer = await env.NODE.fetch("http://node/key-ring");
  if (!answer.ok) throw new Error(`the node did not hand out its key ring: ${answer.status}`);
  return installKeyRing(env, await answer.text());
}
