import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";

type TokenEnv = Pick<EdgeEnv, "SETUP_TOKEN">;

const WRONG = refuse(
  "forbidden",
  "The first operator of this node proves that it is theirs: send the setup token that the node made at its start, in setup-token.txt of its state folder.",
  { errors: [{ pointer: "/setupToken", detail: "is not this node's setup token" }] },
);

/** Whether the first sign-up needs the token: on a node that faces the internet a stranger could be faster than its owner. */
export function needsSetupToken(env: TokenEnv): boolean {
  return (env.SETUP_TOKEN ?? "") !== "";
}

/** Whether this is the token, where one is needed; the time it takes says nothing of how much of it is right. */
export async function checkSetupToken(env: TokenEnv, given: string | undefined): Promise<Outcome<undefined>> {
  if (!needsSetupToken(env)) return accept(undefined);
  const [wanted, got] = await Promise.all([env.SETUP_TOKEN, given].map(digest));
  return wanted && got && crypto.subtle.timingSafeEqual(wanted, got) ? accept(undefined) : WRONG;
}

async function digest(text = ""): Promise<ArrayBuffer> {
  return await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
