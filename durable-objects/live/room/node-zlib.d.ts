/** The part of Node's zlib that rooms use; the Workers types leave Node's modules out. */
declare module "node:zlib" {
  export function deflateRawSync(text: string, options: { readonly level: number }): Uint8Array<ArrayBuffer>;
}
