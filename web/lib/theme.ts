import { effect, signal } from "@preact/signals";

export const THEMES = ["system", "dark", "light", "ocean", "sunset"] as const;
export type Theme = (typeof THEMES)[number];

const STORED_AS = "meridian.theme";

function stored(): Theme {
  const value = localStorage.getItem(STORED_AS);
  return THEMES.find((theme) => theme === value) ?? "system";
}

export const theme = signal<Theme>("system");
/** Rises when colours may have changed; canvases read their colours anew. */
export const paletteVersion = signal(0);

/** Applies the chosen theme and follows the system while none is chosen. */
export function startTheme(): void {
  theme.value = stored();
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
    localStorage.setItem(STORED_AS, theme.value);
    paletteVersion.value = paletteVersion.peek() + 1;
  });
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => paletteVersion.value++);
}

/** The present value of a colour token, such as `--text`. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
