import { createServer } from "node:http";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

// The peer, a program of its own: Node's server with jose's `jwtVerify` over a remote set of keys, as its documentation shows it.

const [jwksUrl = "", issuer = "", audience = ""] = process.argv.slice(2);
const jwks = createRemoteJWKSet(new URL(jwksUrl));
const body = JSON.stringify({ ok: true });

const server = createServer((request, response) => {
  const answer = (status: number, text: string): void =>
    void response.writeHead(status, { "content-type": "application/json", "content-length": text.length }).end(text);
  if (request.url === "/cpu") return answer(200, JSON.stringify(process.cpuUsage()));
  if (request.url !== "/v1/guarded") return answer(200, body);
  const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
  jwtVerify(token, jwks, { issuer, audience, algorithms: ["ES256"], clockTolerance: 60 }).then(
    () => answer(200, body),
    (error: unknown) => answer(error instanceof errors.JOSEError ? 401 : 500, "{}"),
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" ? (address?.port ?? 0) : 0);
});
