import { describe, expect, it } from "vitest";
import { encode } from "uqr";
import { qrPath } from "./qr-path.ts";

/** The modules that a path covers, drawn back. */
function draw(path: string, size: number): boolean[][] {
  const modules = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x = "", y = "", width = "", back = ""] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-(\d+)z/g)) {
    expect(back).toBe(width);
    for (let i = 0; i < Number(width); i++) modules[Number(y)]![Number(x) + i] = true;
  }
  return modules;
}

describe("a QR code", () => {
  it("[UI46] is drawn with exactly its dark modules, inside a light border of four", () => {
    const uri = "otpauth://totp/Meridian:demo%40meridian.localhost?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Meridian";
    const { data, size } = encode(uri, { ecc: "M", border: 4 });
    expect(draw(qrPath(data), size)).toEqual(data);
    for (const edge of [0, 3, size - 4, size - 1]) expect(data[edge]?.some(Boolean)).toBe(false);
    expect(qrPath([[true, true, false, true]])).toBe("M0 0h2v1h-2zM3 0h1v1h-1z");
    expect(qrPath([[false]])).toBe("");
  });
});
