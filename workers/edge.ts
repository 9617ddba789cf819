import { sessionPrincipal } from "./control/auth.ts";
import { createApp } from "./http/app.ts";
import { registerAll } from "./routes.ts";

/** The deployment's one app, made once per isolate. Not exported by a main module, where every export is an entrypoint. */
export const app = createApp({ sessionPrincipal });
registerAll(app);
