/** What the platform gets from the program that runs it. */
export interface NodeAnswer {
  readonly status: number;
  readonly body: string;
}

/** What the platform may ask of that program, as `GET /key-ring`; the body of a request as text. */
export type NodeRoutes = Readonly<Record<string, (body: string) => NodeAnswer | Promise<NodeAnswer>>>;

const NOTHING: NodeAnswer = { status: 404, body: "the node does not know this" };

/**
 * Answers the platform's requests to its own node (the binding NODE, which no socket leads to). One that fails is a 500, with the
 * cause for the log only.
 */
export async function answerPlatform(
  routes: NodeRoutes,
  request: { readonly method: string; readonly url: string; text(): Promise<string> },
): Promise<NodeAnswer> {
  const route = routes[`${request.method} ${new URL(request.url).pathname}`];
  if (!route) return NOTHING;
  try {
    return await route(await request.text());
  } catch (error) {
    console.error(JSON.stringify({ level: "error", event: "node-service", error: String(error) }));
    return { status: 500, body: "the node could not answer" };
  }
}
