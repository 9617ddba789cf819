import type { Grant } from "../../../contract/grants.ts";

/** Grants as they are sent: those without any action give nothing, and the server would refuse them. */
export function sentGrants(grants: readonly Grant[]) {
  return grants
    .filter(({ actions }) => actions.length > 0)
    .map(({ kind, name, actions }) => ({ kind, name: name.trim(), actions: [...actions] }));
}

/** One grant as a line of text. */
export function grantWords({ kind, name, actions }: Grant): string {
  return `${actions.join(", ")} ${kind} ${name}`;
}
