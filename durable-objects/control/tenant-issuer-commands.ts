import type { Issuer, IssuerPut } from "../../contract/issuers.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { changedContent, decideIssuer, issuerContent } from "../../core/control/issuers.ts";
import { audited, type TenantChange } from "./tenant-change.ts";
import { type IssuerRecord, type IssuerStore, issuerView } from "./tenant-issuers.ts";
import { writeRevocation } from "./tenant-revoke.ts";
import type { TenantStores } from "./tenant-stores.ts";

/** Registers an issuer, or changes it. The same again changes nothing. */
export function putIssuer(change: TenantChange, name: string, input: IssuerPut, issuers: IssuerStore): Outcome<Issuer> {
  const content = issuerContent(input);
  const known = issuers.find(name);
  if (known && JSON.stringify(known.content) === JSON.stringify(content)) return accept(issuerView(known));
  return audited(
    change,
    { action: "issuer.put", target: `issuer/${name}`, detail: { iss: content.iss, changed: changedContent(known?.content, content) } },
    () => {
      const decided = decideIssuer(name, content, issuers.bindings());
      if (!decided.ok) return decided;
      const record: IssuerRecord = { name, content, createdAt: known?.createdAt ?? change.now, changedAt: change.now };
      issuers.put(record);
      change.advance({ config: true });
      emitIssuer(change, record, known ? "changed" : "registered");
      return accept(issuerView(record));
    },
    () => ({
      state: known ? "changed" : "registered",
      audiences: content.audiences,
      jwksUrl: content.jwksUrl,
      algorithms: content.algorithms,
    }),
  );
}

/** Ends an issuer and revokes, in the same transaction, what it issued. Its name stays bound to its `iss`. */
export function deleteIssuer(change: TenantChange, name: string, stores: TenantStores): Outcome<null> {
  const known = stores.issuers.find(name);
  if (!known) return refuse("not-found", "There is no issuer of this name.");
  return audited(
    change,
    { action: "issuer.delete", target: `issuer/${name}`, detail: { iss: known.content.iss } },
    () => {
      const revoked = writeRevocation(change, { kind: "issuer", id: name }, stores);
      if (!revoked.ok) return revoked;
      stores.issuers.bury(name, change.now);
      change.advance({ config: true });
      emitIssuer(change, known, "deleted");
      return accept(null);
    },
    () => ({}),
  );
}

/** All of them on one page: the limit bounds them. */
export function listIssuers(issuers: IssuerStore): Outcome<{ items: Issuer[]; nextCursor: null }> {
  return accept({ items: issuers.list().map(issuerView), nextCursor: null });
}

function emitIssuer(change: TenantChange, { name, content }: IssuerRecord, state: "registered" | "changed" | "deleted"): void {
  change.emit({
    type: "meridian.issuer.changed",
    subject: `issuer/${name}`,
    data: { name, iss: content.iss, state, actor: change.meta.actor },
  });
}
