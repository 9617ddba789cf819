/** Drawings that wait for the next frame; a background tab gets none until it returns. */
const waiting = new Set<() => void>();
let asked = false;

/** Draws in the next frame, however often it is asked for before. */
export function drawSoon(draw: () => void): void {
  waiting.add(draw);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const now = [...waiting];
    waiting.clear();
    for (const one of now) one();
  });
}

export function forgetDraw(draw: () => void): void {
  waiting.delete(draw);
}
