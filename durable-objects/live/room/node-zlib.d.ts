/** The part of Node's zlib that rooms and their tests use; the Workers types leave Node's modules out. */
declare module "node:zlib" {
  export function deflateRawSync(text: string, options: { readonly level: number }): Uint8Array<ArrayBuffer>;
  export function inflateRawSync(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
}
