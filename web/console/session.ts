import { computed, signal } from "@preact/signals";
import type { Deployment, Me, SignUp } from "../../contract/access.ts";
import { type Action, ACTIONS } from "../../contract/permissions.ts";
import type { SecondStep } from "../../contract/second-factors.ts";
import type { MeridianError } from "../../sdk/errors.ts";
import { atMostEvery } from "../lib/at-most-every.ts";
import { usePasskey } from "../lib/passkeys.ts";
import { asError } from "../lib/resource.ts";
import { api, refused, sessionEnded } from "./api.ts";

export type Phase = "starting" | "signed-out" | "ready" | "unreachable";

export const phase = signal<Phase>("starting");
export const me = signal<Me | undefined>(undefined);
export const deployment = signal<Deployment | undefined>(undefined);
export const startError = signal<MeridianError | undefined>(undefined);

/** Whether the person was in and is not any more, without having signed out. */
export const lostSession = signal(false);

const actions = computed(() => new Set(me.value?.actions));

/** Whether the person may do this; what they may not is not offered. */
export function can(action: Action): boolean {
  return actions.value.has(action);
}

export function rolesWith(action: Action): readonly string[] {
  return ACTIONS[action].roles;
}

/** Learns who is here: the first request of every visit, and again after signing in or changing the tenant. */
export async function loadSession(): Promise<void> {
  try {
    // Asked first because its "nobody" is an answer and not an error, which the browser would write into its console.
    if ((await api.auth.session()) === null) return await offerSignIn();
    me.value = await api.me();
    phase.value = "ready";
  } catch (failure) {
    const error = asError(failure);
    startError.value = error;
    if (error.status !== 401 && error.status !== 403) {
      phase.value = "unreachable";
      return;
    }
    await offerSignIn();
  }
}

// The page stays in the address: signing in again leads back to it.
sessionEnded.subscribe((count) => {
  if (count === 0 || phase.peek() !== "ready") return;
  lostSession.value = true;
  void offerSignIn();
});

/** Learns again what the person may do: a changed role closes their socket, and refuses what the page still offers. */
export const refreshMe = atMostEvery(5_000, () => {
  if (phase.peek() !== "ready") return;
  api.me().then(
    (now) => (me.value = now),
    () => {}, // what is known stays; an ended session is noticed by the answer itself
  );
});

refused.subscribe((count) => {
  if (count > 0) refreshMe();
});

async function offerSignIn(): Promise<void> {
  deployment.value = await api.deployment().catch(() => undefined); // sign-in works without it
  phase.value = "signed-out";
}

/** @returns whether the person is in; false asks for their second factor */
export async function signIn(email: string, password: string): Promise<boolean> {
  if ("twoFactor" in (await api.auth.signIn(email, password))) return false;
  await loadSession();
  return true;
}

export async function finishSignIn(step: SecondStep): Promise<void> {
  await api.auth.finishSignIn(step);
  await loadSession();
}

export async function signInWithPasskey(): Promise<void> {
  const response = await usePasskey(await api.auth.passkeySignInOptions());
  await api.auth.signInWithPasskey({ response });
  await loadSession();
}

export async function signUp(input: SignUp): Promise<void> {
  await api.auth.signUp(input);
  await loadSession();
}

export async function signOut(): Promise<void> {
  await api.auth.signOut();
  // A fresh page: nothing of the old session stays in memory.
  location.assign("/console");
}

export async function switchTenant(tenantId: string): Promise<void> {
  await api.auth.useTenant(tenantId);
  location.assign("/console");
}
