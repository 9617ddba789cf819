import type { Issuer, IssuerPut } from "../../contract/issuers.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { HOSTED, MINTED, SUBJECT_LIMITS } from "../../contract/subject-id.ts";

export const ISSUER_LIMITS = {
  active: SUBJECT_LIMITS.issuers,
  /** Names that were ever bound: each stays for ever, so that nobody inherits another's subjects. */
  names: 10 * SUBJECT_LIMITS.issuers,
  /** Bytes of one issuer as JSON, its pasted keys and grants included: every isolate of the tenant holds it. */
  bytes: 2 * SUBJECT_LIMITS.jwksBytes,
} as const;

/** What an issuer is but its name and times; what was left out is null, so that equal wishes are equal text. */
export type IssuerContent = Omit<Issuer, "name" | "createdAt" | "changedAt">;

/** An issuer's name with what it is bound to; `active` until it is deleted. */
export interface IssuerBinding {
  readonly name: string;
  readonly iss: string;
  readonly active: boolean;
}

/** The order of fields is fixed: texts are compared. */
export function issuerContent({ iss, audiences, jwksUrl, jwks, algorithms, mapping }: IssuerPut): IssuerContent {
  return {
    iss,
    audiences: [...new Set(audiences)],
    jwksUrl: jwksUrl ?? null,
    jwks: jwks ?? null,
    algorithms: [...new Set(algorithms)],
    mapping: {
      name: mapping.name ?? null,
      avatarUrl: mapping.avatarUrl ?? null,
      grants: mapping.grants,
      rules: mapping.rules,
    },
  };
}

/** Names of what differs, for the audit log; everything of one that is new. */
export function changedContent(before: IssuerContent | undefined, after: IssuerContent): string[] {
  const texts = new Map(Object.entries(before ?? {}).map(([name, value]) => [name, JSON.stringify(value)]));
  return Object.entries(after).flatMap(([name, value]) => (texts.get(name) === JSON.stringify(value) ? [] : [name]));
}

/**
 * Whether an issuer may be registered under this name.
 * @param bindings every name of the tenant that was ever bound, deleted ones included
 */
export function decideIssuer(name: string, content: IssuerContent, bindings: readonly IssuerBinding[]): Outcome<IssuerContent> {
  if (name === MINTED || name === HOSTED) return refuse("conflict", `The issuer "${name}" is Meridian itself; choose another name.`);
  if (isOurs(content.iss)) return invalidIss("Tokens of this deployment need no issuer: they are verified already.");
  const bytes = new TextEncoder().encode(JSON.stringify(content)).length;
  if (bytes > ISSUER_LIMITS.bytes)
    return refuse("payload-too-large", `This issuer takes ${bytes} bytes, at most ${ISSUER_LIMITS.bytes} fit; use fewer keys or grants.`);
  const bound = bindings.find((binding) => binding.name === name);
  if (bound && bound.iss !== content.iss) {
    const way = "Choose another name: people of this issuer are then other people than those of the old one.";
    return refuse("conflict", `The name "${name}" belongs to the iss ${bound.iss} for ever. ${way}`);
  }
  const twin = bindings.find((binding) => binding.active && binding.name !== name && binding.iss === content.iss);
  if (twin) return refuse("conflict", `The issuer "${twin.name}" has this iss already; change that one, or delete it first.`);
  if (!bound?.active && bindings.filter(({ active }) => active).length >= ISSUER_LIMITS.active)
    return refuse("limit-reached", `A tenant has at most ${ISSUER_LIMITS.active} issuers; delete one first.`);
  if (!bound && bindings.length >= ISSUER_LIMITS.names)
    return refuse("limit-reached", `This tenant has used ${ISSUER_LIMITS.names} names of issuers; register again under one of them.`);
  return accept(content);
}

/** Whether an `iss` has the form of those that Meridian writes into its own tokens: `…/p/{tenantId}/minted` or `…/hosted`. */
function isOurs(iss: string): boolean {
  return new RegExp(`/p/[^/]+/(${MINTED}|${HOSTED})/*$`, "i").test(URL.parse(iss)?.pathname ?? iss);
}

function invalidIss(detail: string): Outcome<never> {
  return refuse("invalid-body", detail, { errors: [{ pointer: "/iss", detail }] });
}
