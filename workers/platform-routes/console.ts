import { refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { assetAnswer } from "../http/assets.ts";
import { route } from "../http/define-route.ts";

/** The console's page; `index.html` is tidied away by the assets service. */
const INDEX = "/console/";

const page = {
  method: "get",
  action: "open",
  tag: "platform",
  hidden: true,
  summary: "The console",
  answer: { status: 200, mediaType: "*/*" },
} as const;

/** `/console/…`: a file where there is one by that name, else the page, which routes by itself in the browser. */
export function registerConsoleRoutes(app: App): void {
  // The pattern takes `/console` itself too.
  route(app, { ...page, path: "/console/*" }, async ({ env, request }) => await consoleAnswer(env, request));
  route(app, { ...page, path: "/" }, async () => new Response(null, { status: 302, headers: { location: "/console" } }));
}

async function consoleAnswer(env: EdgeEnv, request: Request) {
  const { pathname } = new URL(request.url);
  // Only names with a dot can be files; hosts have dots too, and are no files.
  const file = /\.[^/]*$/.test(pathname) ? await assetAnswer(env, request, pathname) : undefined;
  const answer = file ?? (await assetAnswer(env, request, INDEX));
  return answer ?? refuse("not-found", "The console has not been built. Run `npm run build`.");
}
