import { type Outcome, accept } from "../../contract/problems.ts";
import type { Revocation } from "../../contract/rpc/access.ts";
import { subjectOf, subjectRef } from "../../contract/subject-id.ts";
import { type RevocationRequest, revocationSchema, type Revoked, revokedSchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { closeSockets } from "./auth-sockets.ts";
import { endFamilies, socketsOf } from "./subject-families.ts";
import { objectCall, sceneOf, type SubjectScene } from "./subject-scene.ts";

export function registerRevocationRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/tokens/revocations",
      action: "tokens:revoke",
      tag: "control",
      summary: "Revoke a token, an end user's, an issuer's, or everybody's",
      description:
        "In force within two seconds, on requests and on open sockets. What would renew the tokens ends too; whoever signs in afterwards is in again.",
      body: revocationSchema,
      answer: { status: 200, schema: revokedSchema },
    },
    async (call) => await revoke(sceneOf(call), call.body),
  );
}

/** Revokes and ends what hangs on it. What a crash leaves open the consumer of the event closes. */
async function revoke(scene: SubjectScene, request: RevocationRequest): Promise<Outcome<Revoked>> {
  const what = await targetOf(scene.tenantId, request);
  // Before it as well: a handle that is traded between the revocation and the end of its family leaves a token from after it.
  await endFamilies(scene.env, scene.tenantId, request, scene.now);
  const revoked = await tenantOf(objectCall(scene)).revoke(what, scene.meta);
  if (!revoked.ok) return revoked;
  const { before } = revoked.value;
  await endFamilies(scene.env, scene.tenantId, request, before);
  const closedSockets = await closeSockets(scene.env, scene.tenantId, [socketsOf(what)], before);
  return accept({ before: new Date(before).toISOString(), closedSockets });
}

async function targetOf(tenantId: string, request: RevocationRequest): Promise<Pick<Revocation, "kind" | "id">> {
  switch (request.kind) {
    case "token":
      return { kind: "token", id: request.tokenId };
    case "subject":
      return { kind: "subject", id: await subjectRef(tenantId, subjectOf(request.issuer, request.sub)) };
    case "issuer":
      return { kind: "issuer", id: request.issuer };
    case "tenant":
      return { kind: "tenant", id: "" };
  }
}
