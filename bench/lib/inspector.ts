/** A connection to the runtime's inspector (https://chromedevtools.github.io/devtools-protocol/). */
export interface Inspector {
  call(method: string, params?: object): Promise<Record<string, unknown>>;
  close(): void;
}

interface Target {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

/** Connects to the isolate of the Worker with this name. @throws when there is none */
export async function inspect(port: number, worker: string): Promise<Inspector> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as Target[]; // the protocol says so
  const target = targets.find(({ id, webSocketDebuggerUrl }) => `${id} ${webSocketDebuggerUrl}`.includes(worker));
  if (!target) throw new Error(`the runtime has no worker ${worker}: ${targets.map(({ id }) => id).join(", ")}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  let last = 0;
  const waiting = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>();
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown>; error?: { message: string } }; // the protocol says so
    const one = message.id === undefined ? undefined : waiting.get(message.id);
    if (!one || message.id === undefined) return;
    waiting.delete(message.id);
    if (message.error) one.reject(new Error(message.error.message));
    else one.resolve(message.result ?? {});
  });
  return {
    call: async (method, params = {}) =>
      await new Promise((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const MAX_GAP_MICROS = 3_000;

/** Where a CPU profile's time went by itself, most first; idle time aside. */
export function profileTop(result: Record<string, unknown>, most: number): { name: string; share: number }[] {
  const profile = result["profile"] as Profile; // what Profiler.stop returns
  const names = new Map(
    profile.nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName || "(anonymous)"} :${callFrame.lineNumber + 1}`]),
  );
  const own = new Map<string, number>();
  let total = 0;
  for (const [i, id] of profile.samples.entries()) {
    const name = names.get(id) ?? "";
    if (name.startsWith("(idle)") || name.startsWith("(program)")) continue;
    const micros = profile.timeDeltas[i] ?? 0;
    // The runtime takes no samples while no request runs, and the whole pause would count for whoever ran last.
    if (micros > MAX_GAP_MICROS) continue;
    own.set(name, (own.get(name) ?? 0) + micros);
    total += micros;
  }
  return [...own]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, micros]) => ({ name, share: micros / total }));
}
