import * as z from "zod";
import type { Problem } from "../../contract/problems.ts";

const errorSchema = z.object({ code: z.string().optional(), message: z.string().optional() });

const WRONG_CODE: Problem = {
  slug: "wrong-code",
  detail: "The code is wrong or was used already. Wait for the next one, or use a backup code.",
};
const START_AGAIN: Problem = { slug: "unauthenticated", detail: "This sign-in has ended. Start again." };
const WRONG_PASSKEY: Problem = {
  slug: "wrong-code",
  detail: "This passkey is not known here. Use another, or sign in with your password.",
};

/** What the library's refusals mean here, by its codes. Its own sentences are not shown: they change with its releases. */
const PROBLEM_OF_CODE: Readonly<Record<string, Problem>> = {
  INVALID_EMAIL_OR_PASSWORD: { slug: "wrong-credentials", detail: "Check the email and the password and try again." },
  INVALID_EMAIL: { slug: "wrong-credentials", detail: "Check the email and the password and try again." },
  INVALID_PASSWORD: {
    slug: "invalid-body",
    detail: "Nothing was changed; see errors.",
    errors: [{ pointer: "/currentPassword", detail: "is not the current password" }],
  },
  INVALID_CODE: WRONG_CODE,
  INVALID_BACKUP_CODE: { slug: "wrong-code", detail: "This backup code is wrong, or was used already. Try another." },
  INVALID_TWO_FACTOR_COOKIE: START_AGAIN,
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: START_AGAIN,
  TOTP_NOT_ENABLED: { slug: "conflict", detail: "The second factor is off." },
  CHALLENGE_NOT_FOUND: START_AGAIN,
  PASSKEY_NOT_FOUND: WRONG_PASSKEY,
  AUTHENTICATION_FAILED: WRONG_PASSKEY,
  FAILED_TO_VERIFY_REGISTRATION: { slug: "invalid-body", detail: "The passkey could not be verified. Try again at this address." },
  PREVIOUSLY_REGISTERED: { slug: "conflict", detail: "This passkey is registered already." },
  USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION: { slug: "not-found", detail: "You are not a member of such a tenant." },
  ORGANIZATION_NOT_FOUND: { slug: "not-found", detail: "You are not a member of such a tenant." },
};

/** The problem behind a failed answer of the library. @throws when it failed on our side, with no more than its status */
export async function problemOfLibrary(response: Response): Promise<Problem> {
  const body = errorSchema.safeParse(await response.json().catch(() => ({}))); // an empty body is as good as one without a code
  const known = PROBLEM_OF_CODE[body.data?.code ?? ""];
  if (known) return known;
  switch (response.status) {
    case 401:
      return { slug: "unauthenticated", detail: "Sign in first." };
    case 403:
      return { slug: "forbidden", detail: "This account may not do that." };
    case 400:
    case 422:
      return { slug: "invalid-body", detail: "The request does not have the expected shape; see the documentation at /docs." };
    default:
      throw new Error(`the auth library answered ${response.status} ${body.data?.code ?? ""}`);
  }
}
