import { encode } from "uqr";
import { qrPath } from "../../lib/qr-path.ts";

/** A code for cameras: dark on white in every theme, since many readers know no other. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  return (
    <svg class="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <path class="qr-ground" d={`M0 0h${size}v${size}h-${size}z`} />
      <path class="qr-modules" d={qrPath(data)} />
    </svg>
  );
}
