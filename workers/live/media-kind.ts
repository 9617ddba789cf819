import type { MediaType } from "../../contract/rooms.ts";

// What a file is by its own first bytes; what its sender calls it counts for nothing.

/** Bytes that are looked at: a photograph's size may stand behind a preview of 64 KiB. */
export const MEDIA_HEAD_BYTES = 96 * 1024;

/** What says that it is larger lies: no browser draws it. */
export const MAX_PX = 100_000;

/** Width and height in pixels, as stored: before any rotation that the file asks for. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Brands of ISO base media files that are MPEG-4 video (ISO/IEC 14496-12, section 4.3); not pictures such as `avif` and `heic`. */
const MP4_BRAND = /^(?:isom|iso[2-9]|mp4[12]|avc1|M4V |dash|MSNV)$/;

/** The type of a file that begins so; undefined for what is not taken. */
export function mediaTypeOf(head: Uint8Array): MediaType | undefined {
  if (PNG.every((byte, at) => head[at] === byte)) return "image/png";
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "image/jpeg";
  const start = ascii(head, 0, 6);
  if (start === "GIF87a" || start === "GIF89a") return "image/gif";
  if (start.startsWith("RIFF") && ascii(head, 8, 12) === "WEBP") return "image/webp";
  if (start.startsWith("%PDF-")) return "application/pdf";
  if (start.startsWith("OggS")) return "audio/ogg";
  if (start.startsWith("ID3") || isMp3Frame(head)) return "audio/mpeg";
  return ascii(head, 4, 8) === "ftyp" && MP4_BRAND.test(ascii(head, 8, 12)) ? "video/mp4" : undefined;
}

/** The header of a layer III frame (ISO/IEC 11172-3, section 2.4.1.3), without the values that are reserved. */
function isMp3Frame(head: Uint8Array): boolean {
  const [sync = 0, kind = 0, rates = 0] = head;
  const isLayer3 = (kind & 0b110) === 0b010 && (kind & 0b11000) !== 0b01000;
  return sync === 0xff && (kind & 0xe0) === 0xe0 && isLayer3 && rates >> 4 !== 0b1111 && (rates & 0b1100) !== 0b1100;
}

/** How large a picture is; undefined where its beginning does not say. */
export function sizeOf(type: MediaType, head: Uint8Array): Size | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const size = measured(type, view);
  return size && [size.width, size.height].every((px) => px > 0 && px <= MAX_PX) ? size : undefined;
}

function measured(type: MediaType, view: DataView): Size | undefined {
  switch (type) {
    case "image/png": // PNG specification, section 11.2.1: IHDR is the first chunk
      return view.byteLength < 24 ? undefined : { width: view.getUint32(16), height: view.getUint32(20) };
    case "image/gif": // GIF89a, section 18
      return view.byteLength < 10 ? undefined : { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    case "image/webp":
      return webpSize(view);
    case "image/jpeg":
      return jpegSize(view);
    case "video/mp4":
    case "audio/mpeg":
    case "audio/ogg":
    case "application/pdf":
      return undefined;
  }
}

/** RFC 9649: the first chunk of the container is VP8, VP8L or VP8X. */
function webpSize(view: DataView): Size | undefined {
  if (view.byteLength < 30) return undefined;
  switch (String.fromCharCode(...[12, 13, 14, 15].map((at) => view.getUint8(at)))) {
    case "VP8 ":
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 };
    default:
      return undefined;
  }
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

/** ITU-T T.81, annex B: segments up to the first frame header, SOF0 to SOF15 without DHT, JPG and DAC. */
function jpegSize(view: DataView): Size | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // fill bytes
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    const length = view.getUint16(at + 2);
    if (length < 2 || marker === 0xda) return undefined; // no segment, or the picture itself
    at += 2 + length;
  }
  return undefined;
}

/**
 * What box to reserve. The sender's figures count where the file says none, and where they are its own turned by a quarter: photographs
 * say in another place which way is up, and browsers turn them.
 */
export function shownSize(stored: Size | undefined, told: Size | undefined): Size | undefined {
  if (!stored) return told;
  return told && told.width === stored.height && told.height === stored.width ? told : stored;
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
