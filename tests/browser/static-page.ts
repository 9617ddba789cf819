import { createServer } from "node:http";
import { freePort } from "../lib/server.ts";

export interface StaticPage {
  readonly origin: string;
  close(): Promise<void>;
}

/** A page of somebody else, on another origin, that loads the browser SDK from a deployment and puts a user on `window`. */
export async function serveStaticPage(deployment: string, slug: string): Promise<StaticPage> {
  const port = await freePort();
  const html = `<!doctype html><title>a shop</title><script type="module">
    import { MeridianUser } from "${deployment}/sdk/user.js";
    window.user = new MeridianUser({ url: "${deployment}", slug: "${slug}" });
    await window.user.start();
    document.title = "ready";
  </script>`;
  const server = createServer((_request, response) => response.writeHead(200, { "content-type": "text/html" }).end(html));
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
