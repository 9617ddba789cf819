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
  "/prometheus": "Prometheus remote-write",
  "/otlp": "OpenTelemetry over HTTP",
  "/redis": "Redis REST, for sorted sets",
  "/assets": "files of the console build",
  "/sdk": "the browser SDK, for pages of others",
} as const;

/** Roots that hold files and nothing else. */
export const FILE_ROOTS: readonly string[] = ["/assets", "/sdk"];

const ROOTS = Object.keys(ROOT_PATHS) as readonly (keyof typeof ROOT_PATHS)[]; // the keys of a const object are its key type

/** The root that owns a path, if any. */
export function rootOf(path: string): keyof typeof ROOT_PATHS | undefined {
  return ROOTS.find((root) => path === root || path.startsWith(`${root}/`));
}

/** Whether the Worker answers this path before any file is looked for, as `run_worker_first` in wrangler.toml says. */
export function isWorkerFirst(path: string): boolean {
  const root = rootOf(path);
  return path === "/" || (root !== undefined && !FILE_ROOTS.includes(root));
}
