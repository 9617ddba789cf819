import type { Grant } from "../../../contract/grants.ts";
import type { Issuer } from "../../../contract/issuers.ts";
import type { FieldError } from "../../../contract/problems.ts";
import type { IssuerInput } from "../../../sdk/api/identity.ts";
import { sentGrants } from "./grant-words.ts";

/** An issuer as a form holds it. */
export interface IssuerDraft {
  readonly name: string;
  readonly iss: string;
  /** One per line. */
  readonly audiences: string;
  readonly source: "url" | "pasted";
  readonly jwksUrl: string;
  /** JSON. */
  readonly jwks: string;
  readonly nameClaim: string;
  readonly avatarClaim: string;
  readonly grants: readonly Grant[];
  /** JSON. */
  readonly rules: string;
}

export function draftOf(issuer: Issuer | undefined): IssuerDraft {
  const rules = issuer?.mapping.rules ?? [];
  return {
    name: issuer?.name ?? "",
    iss: issuer?.iss ?? "",
    audiences: issuer?.audiences.join("\n") ?? "",
    source: issuer?.jwks ? "pasted" : "url",
    jwksUrl: issuer?.jwksUrl ?? "",
    jwks: issuer?.jwks ? JSON.stringify(issuer.jwks, null, 2) : "",
    nameClaim: issuer ? (issuer.mapping.name ?? "") : "name",
    avatarClaim: issuer ? (issuer.mapping.avatarUrl ?? "") : "picture",
    grants: issuer?.mapping.grants ?? [],
    rules: rules.length === 0 ? "" : JSON.stringify(rules, null, 2),
  };
}

/** The draft as it is sent, or which part of it is no JSON; everything else is the server's to judge. */
export function putOf(draft: IssuerDraft): { readonly put: IssuerInput } | { readonly errors: readonly FieldError[] } {
  const jwks = draft.source === "pasted" ? jsonOf("/jwks", draft.jwks) : undefined;
  const rules = draft.rules.trim() === "" ? { value: [] } : jsonOf("/mapping/rules", draft.rules);
  const errors = [jwks, rules].flatMap((part) => (part && "error" in part ? [part.error] : []));
  if (errors.length > 0) return { errors };
  const put = {
    iss: draft.iss.trim(),
    audiences: draft.audiences
      .split("\n")
      .map((text) => text.trim())
      .filter(Boolean),
    ...(jwks && "value" in jwks ? { jwks: jwks.value } : { jwksUrl: draft.jwksUrl.trim() }),
    mapping: {
      ...(draft.nameClaim.trim() ? { name: draft.nameClaim.trim() } : {}),
      ...(draft.avatarClaim.trim() ? { avatarUrl: draft.avatarClaim.trim() } : {}),
      grants: sentGrants(draft.grants),
      rules: "value" in rules ? rules.value : [],
    },
  };
  return { put: put as IssuerInput }; // what was typed as JSON may be anything: the server says what is wrong with it
}

function jsonOf(pointer: string, text: string): { readonly value: unknown } | { readonly error: FieldError } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const where = error instanceof Error ? ` (${error.message})` : "";
    return { error: { pointer, detail: `this is not JSON${where}` } };
  }
}
