/** The parts of package-lock.json (version 3) that matter here. */
export interface LockEntry {
  version?: string;
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}
export interface Lockfile {
  packages: Record<string, LockEntry>;
}

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "wasm32"];
const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/**
 * Adds the entries of per-platform packages that npm left out because a registry mirror does not carry them. Without them `npm ci` of
 * npm 11 calls the lockfile out of sync, and other platforms would go without their binaries. A package whose name tells no platform
 * is left alone. @returns names of the entries added
 */
export function completeLockfile(lock: Lockfile): string[] {
  const added: string[] = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const words = name.replace(/^@/, "").split(/[/\-_.]/);
      const os = words.filter((word) => SYSTEMS.includes(word));
      const cpu = words.filter((word) => PROCESSORS.includes(word));
      if (!EXACT.test(version) || os.length !== 1 || cpu.length > 1) continue;
      const top = lock.packages[`node_modules/${name}`];
      const nested = `${path}/node_modules/${name}`;
      if (top?.version === version || lock.packages[nested]) continue;
      const place = top && path ? nested : `node_modules/${name}`;
      const libc = words.includes("musl") ? ["musl"] : words.includes("gnu") && os[0] === "linux" ? ["glibc"] : [];
      lock.packages[place] = {
        version,
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
        os,
        ...(cpu.length > 0 ? { cpu } : {}),
        ...(libc.length > 0 ? { libc } : {}),
      };
      added.push(place);
    }
  }
  // npm keeps the entries sorted; a stable file makes small diffs.
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  return added;
}
