import type { SignedIn, SignUp } from "../../contract/access.ts";
import type { Call, CallOptions } from "../transport.ts";

export interface Session {
  readonly id: string;
  /** Whether it is the one that asks. */
  readonly current: boolean;
  readonly tenantId: string | null;
  readonly userAgent: string | null;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

interface Done {
  readonly success: true;
}

/**
 * Operators' sessions (`/v1/auth/*`). The session is a cookie, so this is for browsers. What takes a password is sent once: a repeat would
 * count as another attempt.
 */
export function authApi(call: Call) {
  const post = <T>(path: string, body: unknown, options?: CallOptions) =>
    call<T>("POST", `/v1/auth/${path}`, { body, repeat: "never", options });
  return {
    signIn: (email: string, password: string, options?: CallOptions) => post<SignedIn>("sign-in/email", { email, password }, options),
    /** The deployment's first operator; everyone else accepts an invitation. */
    signUp: (input: SignUp, options?: CallOptions) => post<SignedIn>("sign-up/email", input, options),
    signOut: (options?: CallOptions) => post<Done>("sign-out", undefined, options),
    /** The signed-in operator, or null. */
    session: (options?: CallOptions) => call<SignedIn | null>("GET", "/v1/auth/get-session", { options }),
    /** Works on another tenant from here on; live sockets of the old one end. */
    useTenant: (tenantId: string, options?: CallOptions) => post<Done>("organization/set-active", { organizationId: tenantId }, options),
    changePassword: (currentPassword: string, newPassword: string, options?: CallOptions) =>
      post<SignedIn>("change-password", { currentPassword, newPassword }, options),
    sessions: (options?: CallOptions) => call<{ items: Session[] }>("GET", "/v1/auth/list-sessions", { options }),
    endSession: (sessionId: string, options?: CallOptions) => post<Done>("revoke-session", { id: sessionId }, options),
    endOtherSessions: (options?: CallOptions) => post<Done>("revoke-other-sessions", undefined, options),
  };
}
