/** The part of Node's zlib that body reading uses; the Workers types leave Node's modules out. */
declare module "node:zlib" {
  interface SyncOptions {
    /** Decompression stops with a RangeError as soon as the output would grow beyond it. */
    readonly maxOutputLength: number;
  }
  export function gunzipSync(bytes: Uint8Array, options: SyncOptions): Uint8Array<ArrayBuffer>;
  export function inflateSync(bytes: Uint8Array, options: SyncOptions): Uint8Array<ArrayBuffer>;
}
