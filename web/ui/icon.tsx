import type { IconNode } from "lucide";
import { h } from "preact";

/** One `lucide` drawing at 16 px in the colour of the text. Without a label it is decoration beside a word. */
export function Icon({ of, label, size = 16 }: { of: IconNode; label?: string; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : "true"}
    >
      {of.map(([tag, attributes]) => h(tag, attributes as Record<string, string>)) /* plain attributes of SVG shapes */}
    </svg>
  );
}
