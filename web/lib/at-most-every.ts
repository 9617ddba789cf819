/** The work, done at most once per `everyMs`: at once when it is due, else when it becomes due, so that the last call counts. */
export function atMostEvery(everyMs: number, work: () => void): () => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  let waiting = false;
  const run = () => {
    waiting = false;
    lastAt = performance.now();
    work();
  };
  return () => {
    if (waiting) return;
    const inMs = lastAt + everyMs - performance.now();
    if (inMs <= 0) return run();
    waiting = true;
    setTimeout(run, inMs);
  };
}
