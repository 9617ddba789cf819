/** Root paths and who owns them. `npm run check` refuses a route outside of them and an overlap between them. */
export const ROOT_PATHS = {
  "/v1": "native API",
  "/p": "public door",
  "/console": "console",
  "/play": "apps",
  "/docs": "API documentation",
  "/problems": "problem types",
  "/healthz": "liveness",
  "/readyz": "readiness",
  "/metrics": "the deployment's own metrics",
  "/assets": "files of the console build",
} as const;
