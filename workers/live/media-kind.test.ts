import { describe, expect, it } from "vitest";
import { MEDIA_TYPES, type MediaType } from "../../contract/rooms.ts";
import { mediaTypeOf, shownSize, sizeOf } from "./media-kind.ts";
import { rangeOf } from "./media-file.ts";
import { FILES, jpegOf } from "./media-testing.ts";

const text = (chars: string) => Uint8Array.from(chars, (char) => char.charCodeAt(0));

describe("what a file is", () => {
  it("[RM110] its first bytes say, for every type that is taken", () => {
    expect(Object.keys(FILES).toSorted()).toEqual([...MEDIA_TYPES].toSorted());
    for (const [type, bytes] of Object.entries(FILES)) expect(mediaTypeOf(bytes)).toBe(type);
  });

  it.each([
    ["a page", text("<!doctype html><script>")],
    ["a drawing with script", text('<svg xmlns="http://www.w3.org/2000/svg">')],
    ["a program", text("\u007fELF\u0002\u0001")],
    ["a picture of the same container as MP4", text("\0\0\0\u001cftypavif")],
    ["nothing", new Uint8Array(0)],
    ["a frame of layer I", Uint8Array.of(0xff, 0xff, 0x90, 0x00)],
    ["a frame with a reserved rate", Uint8Array.of(0xff, 0xfb, 0xf0, 0x00)],
    ["the beginning of a beginning", text("RIFF\0\0\0\0WEB")],
  ])("[RM110] %s is none of them", (_what, bytes) => {
    expect(mediaTypeOf(bytes)).toBeUndefined();
  });

  it("[RM110] every beginning of every file is read without a failure", () => {
    for (const [type, bytes] of Object.entries(FILES)) {
      for (let length = 0; length <= bytes.length; length++) {
        const head = bytes.subarray(0, length);
        mediaTypeOf(head);
        const size = sizeOf(type as MediaType, head);
        if (size) expect(size.width * size.height).toBeGreaterThan(0);
      }
    }
  });
});

describe("a picture's size", () => {
  it("[RM111] is in its beginning", () => {
    const sizes = (["image/png", "image/jpeg", "image/gif", "image/webp"] as const).map((type) => sizeOf(type, FILES[type]));
    expect(sizes).toEqual(Array.from({ length: 4 }, () => ({ width: 3, height: 2 })));
    expect(sizeOf("video/mp4", FILES["video/mp4"])).toBeUndefined();
  });

  it("[RM111] that no browser could draw is none", () => {
    const lying = FILES["image/png"].slice();
    lying.set([0x7f, 0xff, 0xff, 0xff], 16);
    expect(sizeOf("image/png", lying)).toBeUndefined();
  });

  it("[RM111] of a photograph may stand behind what its camera noted", () => {
    expect(sizeOf("image/jpeg", jpegOf(400, 300, 60_000))).toEqual({ width: 400, height: 300 });
  });

  it("[RM111] is what the sender says where the file says none, or the same turned by a quarter", () => {
    const stored = { width: 400, height: 300 };
    expect(shownSize(undefined, { width: 5, height: 6 })).toEqual({ width: 5, height: 6 });
    expect(shownSize(stored, { width: 300, height: 400 })).toEqual({ width: 300, height: 400 });
    expect(shownSize(stored, { width: 1, height: 9_999 })).toEqual(stored);
    expect(shownSize(stored, undefined)).toEqual(stored);
  });
});

describe("a range", () => {
  it.each([
    ["bytes=0-9", { from: 0, to: 9 }],
    ["bytes=90-", { from: 90, to: 99 }],
    ["bytes=-10", { from: 90, to: 99 }],
    ["bytes=-1000", { from: 0, to: 99 }],
    ["bytes=50-1000", { from: 50, to: 99 }],
    ["bytes=100-", null],
    ["bytes=-0", null],
    ["bytes=9-3", undefined],
    ["bytes=0-1,5-6", undefined],
    ["lines=0-1", undefined],
    ["bytes=-", undefined],
    [null, undefined],
  ])("[RM114] %s of 100 bytes is %o", (header, range) => {
    expect(rangeOf(header, 100)).toEqual(range);
  });
});
