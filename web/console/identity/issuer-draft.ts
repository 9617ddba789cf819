import type { Grant } from "../../../contract/grants.ts";
import type { Issuer } from "../../../contract/issuers.ts";
import type { IssuerInput } from "../../../sdk/api/identity.ts";
import { sentGrants } from "./grants-editor.tsx";

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

/** The draft as it is sent; the server checks it. @throws Error when a part that must be JSON is none */
export function putOf(draft: IssuerDraft): IssuerInput {
  const trimmed = (text: string) => text.trim();
  return {
    iss: draft.iss.trim(),
    audiences: draft.audiences.split("\n").map(trimmed).filter(Boolean),
    ...(draft.source === "url"
      ? { jwksUrl: draft.jwksUrl.trim() }
      : { jwks: jsonOf("JWKS", draft.jwks) as NonNullable<IssuerInput["jwks"]> }), // whatever it is, the server says what is wrong with it
    mapping: {
      ...(draft.nameClaim.trim() ? { name: draft.nameClaim.trim() } : {}),
      ...(draft.avatarClaim.trim() ? { avatarUrl: draft.avatarClaim.trim() } : {}),
      grants: sentGrants(draft.grants),
      rules: draft.rules.trim() === "" ? [] : (jsonOf("Rules", draft.rules) as []), // as above
    },
  };
}

function jsonOf(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${what}: this is not JSON`, { cause });
  }
}
