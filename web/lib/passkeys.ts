import type { PasskeyCreate, PasskeySignIn, WebAuthnOptions } from "../../contract/second-factors.ts";

/** Whether this browser can use passkeys on a page of this origin; they are bound to the name in it. */
export function passkeysWork(origin: string | null | undefined): boolean {
  // The two readers came last (2024): a browser without them is one that cannot.
  return origin === location.origin && "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;
}

/** Asks the person to make a passkey. @throws with words for people */
export async function createPasskey(options: WebAuthnOptions): Promise<PasskeyCreate["response"]> {
  // The server's options are what this reader is made for; it refuses others itself.
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as unknown as PublicKeyCredentialCreationOptionsJSON);
  const { id, rawId, response } = (await asked(navigator.credentials.create({ publicKey }))) as RegistrationResponseJSON;
  const { clientDataJSON, attestationObject, transports } = response;
  return { id, rawId, type: "public-key", response: { clientDataJSON, attestationObject, transports: transports ?? [] } };
}

/** Asks the person for one of their passkeys. @throws with words for people */
export async function usePasskey(options: WebAuthnOptions): Promise<PasskeySignIn["response"]> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON); // as above
  const { id, rawId, response } = (await asked(navigator.credentials.get({ publicKey }))) as AuthenticationResponseJSON;
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return { id, rawId, type: "public-key", response: { clientDataJSON, authenticatorData, signature, userHandle: userHandle ?? null } };
}

async function asked(question: Promise<Credential | null>): Promise<unknown> {
  try {
    const credential = await question;
    if (credential instanceof PublicKeyCredential) return credential.toJSON();
  } catch (failure) {
    const name = failure instanceof DOMException ? failure.name : "";
    if (name === "InvalidStateError") throw new Error("This device holds a passkey of yours already.", { cause: failure });
    // Browsers do not tell a refusal from a time that ran out, so that pages cannot learn who has passkeys.
    if (name !== "NotAllowedError" && name !== "AbortError") throw failure;
  }
  throw new Error("No passkey was used: it was cancelled, took too long, or there is none for this address.");
}
