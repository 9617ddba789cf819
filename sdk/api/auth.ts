import type { SignedIn, SignUp } from "../../contract/access.ts";
import type {
  BackupCodes,
  Passkey,
  PasskeyCreate,
  PasskeySignIn,
  SecondStep,
  Session,
  SignInAnswer,
  TwoFactor,
  TwoFactorStarted,
  WebAuthnOptions,
} from "../../contract/second-factors.ts";
import type { Call, CallOptions } from "../transport.ts";

interface Done {
  readonly success: true;
}

/**
 * Operators' sessions and second factors (`/v1/auth/*`). The session is a cookie, so this is for browsers. What takes a password or a
 * code is sent once: a repeat would count as another attempt.
 */
export function authApi(call: Call) {
  const post = <T>(path: string, body: unknown, options?: CallOptions) =>
    call<T>("POST", `/v1/auth/${path}`, { body, repeat: "never", options });
  return {
    /** `{ twoFactor: true }` asks for {@link finishSignIn}. */
    signIn: (email: string, password: string, options?: CallOptions) => post<SignInAnswer>("sign-in/email", { email, password }, options),
    /** The second step, within ten minutes of the first: the app's code, or a backup code. */
    finishSignIn: (step: SecondStep, options?: CallOptions) => post<SignedIn>("two-factor/sign-in", step, options),
    /** The deployment's first operator; everyone else accepts an invitation. */
    signUp: (input: SignUp, options?: CallOptions) => post<SignedIn>("sign-up/email", input, options),
    signOut: (options?: CallOptions) => post<Done>("sign-out", undefined, options),
    /** The signed-in operator, or null. */
    session: (options?: CallOptions) => call<SignedIn | null>("GET", "/v1/auth/get-session", { options }),
    /** Works on another tenant from here on; live sockets of the old one end. */
    useTenant: (tenantId: string, options?: CallOptions) => post<Done>("organization/set-active", { organizationId: tenantId }, options),
    changePassword: (currentPassword: string, newPassword: string, options?: CallOptions) =>
      post<SignedIn>("change-password", { currentPassword, newPassword }, options),
    sessions: (options?: CallOptions) => call<{ items: Session[] }>("GET", "/v1/auth/sessions", { options }),
    endSession: (sessionId: string, options?: CallOptions) =>
      call<undefined>("DELETE", `/v1/auth/sessions/${encodeURIComponent(sessionId)}`, { repeat: "never", options }),
    endOtherSessions: (options?: CallOptions) => call<{ ended: number }>("DELETE", "/v1/auth/sessions", { repeat: "safe", options }),
    twoFactor: (options?: CallOptions) => call<TwoFactor>("GET", "/v1/auth/two-factor", { options }),
    /** Shows the secret and the backup codes, once. */
    setUpTwoFactor: (currentPassword: string, options?: CallOptions) =>
      post<TwoFactorStarted>("two-factor/enable", { currentPassword }, options),
    /** Switches the second factor on, with a code of the app. */
    verifyTwoFactor: (code: string, options?: CallOptions) => post<SignedIn>("two-factor/verify", { code }, options),
    disableTwoFactor: (currentPassword: string, options?: CallOptions) => post<Done>("two-factor/disable", { currentPassword }, options),
    newBackupCodes: (currentPassword: string, options?: CallOptions) =>
      post<BackupCodes>("two-factor/backup-codes", { currentPassword }, options),
    passkeys: (options?: CallOptions) => call<{ items: Passkey[] }>("GET", "/v1/auth/passkeys", { options }),
    /** What `navigator.credentials.create` needs. */
    passkeyOptions: (currentPassword: string, options?: CallOptions) =>
      post<WebAuthnOptions>("passkeys/options", { currentPassword }, options),
    addPasskey: (input: PasskeyCreate, options?: CallOptions) => post<Passkey>("passkeys", input, options),
    renamePasskey: (passkeyId: string, name: string, options?: CallOptions) =>
      call<undefined>("PATCH", `/v1/auth/passkeys/${encodeURIComponent(passkeyId)}`, { body: { name }, repeat: "safe", options }),
    removePasskey: (passkeyId: string, options?: CallOptions) =>
      call<undefined>("DELETE", `/v1/auth/passkeys/${encodeURIComponent(passkeyId)}`, { repeat: "never", options }),
    /** What `navigator.credentials.get` needs. */
    passkeySignInOptions: (options?: CallOptions) => post<WebAuthnOptions>("sign-in/passkey/options", undefined, options),
    signInWithPasskey: (input: PasskeySignIn, options?: CallOptions) => post<SignedIn>("sign-in/passkey", input, options),
  };
}
