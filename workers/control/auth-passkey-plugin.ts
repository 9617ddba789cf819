import { getAuthenticatorName, passkey } from "@better-auth/passkey";
import { APIError } from "better-auth/api";
import type { EdgeEnv } from "../env.ts";
import { PASSKEY_COOKIE, relyingParty } from "./auth-passkey-party.ts";

/** The library's passkeys. This file is loaded when the first one is used: see `authOf`. */
export function passkeyPlugin(env: EdgeEnv) {
  const party = relyingParty(env);
  return passkey({
    rpName: env.DEPLOYMENT_NAME,
    rpID: party?.id ?? "passkeys.invalid",
    origin: party?.origin ?? "https://passkeys.invalid",
    // Found without a name being typed, and only after finger, face or PIN: it stands for both factors.
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    advanced: { webAuthnChallengeCookie: PASSKEY_COOKIE },
    registration: { afterVerification: ({ verification }) => insistOnPerson(verification.registrationInfo?.userVerified) },
    authentication: { afterVerification: ({ verification }) => insistOnPerson(verification.authenticationInfo.userVerified) },
  });
}

/** A key that only says that somebody touched it would be one factor, and would go past the code of those who have one. */
function insistOnPerson(verified: boolean | undefined): void {
  if (verified !== true) throw new APIError("BAD_REQUEST", { code: "AUTHENTICATION_FAILED", message: "user verification is required" });
}

/** Who keeps a passkey of this kind (`aaguid`), where that is commonly known. */
export function keeperOf(aaguid: string | null | undefined): string | undefined {
  return getAuthenticatorName(aaguid);
}
