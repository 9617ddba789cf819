import type { Call, CallOptions } from "../transport.ts";

export interface SessionUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export interface SignUpInput {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  /** From the invitation's link; the deployment's first operator needs none. */
  readonly invitationId?: string;
}

/** Operators' sessions (better-auth, `/v1/auth/*`). The session is a cookie, so this is for browsers; none of it repeats by itself. */
export function authApi(call: Call) {
  const post = <T>(path: string, body: object, options?: CallOptions) =>
    call<T>("POST", `/v1/auth/${path}`, { body, repeat: "never", options });
  return {
    signIn: (email: string, password: string, options?: CallOptions) =>
      post<{ user: SessionUser }>("sign-in/email", { email, password }, options),
    signUp: (input: SignUpInput, options?: CallOptions) => post<{ user: SessionUser }>("sign-up/email", input, options),
    signOut: (options?: CallOptions) => post<{ success: boolean }>("sign-out", {}, options),
    /** The signed-in operator, or null. */
    session: (options?: CallOptions) => call<{ user: SessionUser } | null>("GET", "/v1/auth/get-session", { options }),
  };
}
