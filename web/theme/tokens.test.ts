import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const source = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

/** Tokens of the rule with this selector, over those of dark. */
function tokensOf(selector: string): Record<string, string> {
  const rule = (wanted: string) => {
    const at = source.indexOf(`${wanted} {`);
    expect(at, wanted).toBeGreaterThanOrEqual(0);
    const body = source.slice(at, source.indexOf("}", at));
    return Object.fromEntries([...body.matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value]));
  };
  return { ...rule(':root[data-theme="dark"]'), ...rule(selector) };
}

const THEMES = {
  dark: ':root[data-theme="dark"]',
  light: ':root[data-theme="light"]',
  "light, by the system": ":root:not([data-theme])",
  ocean: ':root[data-theme="ocean"]',
  sunset: ':root[data-theme="sunset"]',
};

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(Object.entries(THEMES))("theme %s", (_name, selector) => {
  const tokens = tokensOf(selector);
  const of = (name: string) => tokens[name] ?? expect.fail(`no token ${name}`);

  it.each(["background", "surface", "raised"])("[UI5] keeps text readable on %s", (ground) => {
    for (const ink of ["text", "muted", "ok", "warn", "critical-text"])
      expect(contrast(of(ink), of(ground)), ink).toBeGreaterThanOrEqual(4.5);
  });

  it("[UI5] keeps words readable on what is filled", () => {
    expect(contrast(of("accent-text"), of("accent"))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of("critical-fill-text"), of("critical-fill"))).toBeGreaterThanOrEqual(4.5);
  });

  it("[UI5] keeps series and marks visible", () => {
    for (const ink of ["info", "critical", "accent", ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `series-${n}`)]) {
      expect(contrast(of(ink), of("surface")), ink).toBeGreaterThanOrEqual(3);
    }
  });
});

describe("tokens", () => {
  it("[UI5] are the same for light by choice and light by the system", () => {
    expect(tokensOf(THEMES["light, by the system"])).toEqual(tokensOf(THEMES.light));
  });
});
