import type { MediaType } from "../../contract/rooms.ts";

const bytes = (...parts: (string | readonly number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? Array.from(part, (char) => char.charCodeAt(0)) : part)));
const u16 = (n: number) => [n >> 8, n & 0xff];

/** A photograph's beginning, with so many bytes of notes of its camera before its size. */
export function jpegOf(width: number, height: number, notes = 4): Uint8Array<ArrayBuffer> {
  const exif = [0xff, 0xe1, ...u16(notes + 2), ...Array.from({ length: notes }, () => 0x20)];
  return bytes([0xff, 0xd8], exif, [0xff, 0xc0, ...u16(17), 8, ...u16(height), ...u16(width), 3]);
}

/** The beginning of a file of each type; pictures are three pixels wide and two high. */
export const FILES: Readonly<Record<MediaType, Uint8Array<ArrayBuffer>>> = {
  "image/png": bytes([0x89], "PNG\r\n", [0x1a], "\n", [0, 0, 0, 13], "IHDR", [0, 0, 0, 3, 0, 0, 0, 2, 8, 6, 0, 0, 0]),
  "image/jpeg": jpegOf(3, 2),
  "image/gif": bytes("GIF89a", [3, 0, 2, 0, 0]),
  "image/webp": bytes("RIFF", [26, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0]),
  "video/mp4": bytes([0, 0, 0, 24], "ftypisom", [0, 0, 2, 0]),
  "audio/mpeg": bytes([0xff, 0xfb, 0x90, 0x64]),
  "audio/ogg": bytes("OggS", [0, 2]),
  "application/pdf": bytes("%PDF-1.7\n"),
};
