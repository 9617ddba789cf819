interface PagesEnv {
  readonly ASSETS: { fetch(request: Request): Promise<Response> };
  readonly EDGE: { fetch(request: Request): Promise<Response> };
}

/** Files come from Pages; everything else, the console's pages and their headers included, from the Worker. */
export async function onRequest({ request, env }: { request: Request; env: PagesEnv }): Promise<Response> {
  const { pathname } = new URL(request.url);
  return await (pathname.startsWith("/assets/") ? env.ASSETS : env.EDGE).fetch(request);
}
