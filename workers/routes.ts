import type { App } from "./http/app.ts";
import { registerConsoleRoutes } from "./platform-routes/console.ts";
import { registerHealthRoutes } from "./platform-routes/health.ts";

/** Every capability's routes, one line each. The order decides only where two patterns meet on one path. */
export const ROUTES: readonly ((app: App) => void)[] = [registerHealthRoutes, registerConsoleRoutes];

export function registerAll(app: App): void {
  for (const register of ROUTES) register(app);
}
