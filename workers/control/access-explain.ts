import type { SubjectPrincipal } from "../../contract/principal.ts";
import { accept } from "../../contract/problems.ts";
import { type Explained, explainedSchema, explainSchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { inspectToken } from "../http/token-inspect.ts";
import { explainAccess } from "./access-verdict.ts";
import { sceneOf } from "./subject-scene.ts";
import { freshAccess } from "./subject-session.ts";

export function registerExplainRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/access/explain",
      action: "access:explain",
      tag: "control",
      summary: "Ask which grant allows something, or what is missing",
      description: "For a token as it is, for grants as they would be, or for anybody at the door. Nothing is changed and nothing kept.",
      body: explainSchema,
      answer: { status: 200, schema: explainedSchema },
    },
    async (call) => {
      const { who, action, name } = call.body;
      const scene = sceneOf(call);
      const access = await freshAccess(scene);
      const asked = { action, name, publicThings: access.publicThings, hostedAccounts: access.settings.hostedAccounts.enabled };
      if (who.kind !== "token") return accept(explainAccess(who, asked));
      const { checks, principal } = await inspectToken(who.token, scene);
      return accept({ ...explained(principal, asked), checks });
    },
  );
}

function explained(principal: SubjectPrincipal | null, asked: Parameters<typeof explainAccess>[1]): Explained {
  if (principal) return explainAccess(principal, asked);
  const reason = "The token is not accepted: see the last of the checks. Whoever sends it is refused with 401.";
  return { allowed: false, reason, grant: null, public: null, missing: null, checks: [] };
}
