/** The one thing of Node that a test here needs: the types of all of Node would let pages use what browsers lack. */
declare module "node:fs" {
  export function readFileSync(path: URL, encoding: "utf8"): string;
}
