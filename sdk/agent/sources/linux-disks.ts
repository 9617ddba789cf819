import { readFile, stat, statfs } from "node:fs/promises";
import type { DiskIo, DiskSpace } from "../source.ts";

/** File systems whose server may be away: asking them can hang for ever, so they are asked by a child process in the background. */
const REMOTE = /^(nfs|cifs|smb|ceph|9p|glusterfs|lustre|afs|beegfs|fuse\.(?!fuseblk))/;
/** Read-only images: full by nature, they would always be the fullest disk. */
const IMAGES = /^(squashfs|iso9660|udf|erofs|cramfs)$/;
const REMOTE_EVERY_MS = 30_000;
const REMOTE_KEPT_MS = 120_000;
const SECTOR_BYTES = 512; // of /proc/diskstats, whatever the device's own sector size is

export interface Mount {
  /** `major:minor`, as /proc/diskstats names the device too. */
  readonly deviceId: string;
  readonly root: string;
  readonly mount: string;
  readonly type: string;
  readonly device: string;
}

/** Mounted disks, each device once. */
export class LinuxDisks {
  readonly #proc: string;
  readonly #remoteSpace: () => Promise<readonly DiskSpace[]>;
  #mountText = "";
  #local: Mount[] = [];
  #remoteMounts = new Set<string>();
  #remote: { atMs: number; disks: readonly DiskSpace[] } = { atMs: -Infinity, disks: [] };
  #askedAtMs: number | undefined;

  constructor(proc: string, remoteSpace: () => Promise<readonly DiskSpace[]> = askDf) {
    this.#proc = proc;
    this.#remoteSpace = remoteSpace;
  }

  async space(warn: (text: string) => void): Promise<DiskSpace[]> {
    await this.#readMounts();
    const disks: DiskSpace[] = [];
    // One after the other: a device that hangs takes one thread of the pool, not all of them.
    for (const { mount, device } of this.#local) {
      try {
        const size = await statfs(mount);
        const usedBytes = (size.blocks - size.bfree) * size.bsize;
        if (size.blocks > 0) disks.push({ mount, device, usedBytes, totalBytes: usedBytes + size.bavail * size.bsize });
      } catch (error) {
        warn(`${mount} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "unknown"})`);
      }
    }
    return [...disks, ...this.#remoteDisks(performance.now(), warn)];
  }

  async io(): Promise<DiskIo[]> {
    await this.#readMounts();
    const counters = parseDiskStats(await readFile(`${this.#proc}/diskstats`, "latin1"));
    const byMount = this.#local.flatMap(({ deviceId, mount, device }) => {
      const found = counters.get(deviceId);
      return found ? [{ mount, device, readBytes: found.readBytes, writeBytes: found.writeBytes }] : [];
    });
    if (byMount.length > 0) return byMount;
    // A container or ZFS: no mount is a device by itself, so the whole disks speak.
    return [...counters.values()]
      .filter(({ device }) => /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|hd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(device))
      .map(({ device, readBytes, writeBytes }) => ({ device, readBytes, writeBytes }));
  }

  #remoteDisks(nowMs: number, warn: (text: string) => void): readonly DiskSpace[] {
    if (this.#remoteMounts.size === 0) return [];
    if (this.#askedAtMs === undefined) {
      if (nowMs - this.#remote.atMs >= REMOTE_EVERY_MS) {
        this.#askedAtMs = nowMs;
        void this.#askRemote();
      }
    } else if (nowMs - this.#askedAtMs >= REMOTE_EVERY_MS) {
      warn(`network file systems have not answered for ${Math.round((nowMs - this.#askedAtMs) / 1_000)} s`);
    }
    return nowMs - this.#remote.atMs < REMOTE_KEPT_MS ? this.#remote.disks : [];
  }

  async #askRemote(): Promise<void> {
    try {
      const disks = await this.#remoteSpace();
      this.#remote = { atMs: performance.now(), disks: disks.filter(({ mount }) => this.#remoteMounts.has(mount)) };
    } catch {
      this.#remote = { atMs: performance.now(), disks: [] }; // df failed: their series end, and it is asked again later
    } finally {
      this.#askedAtMs = undefined;
    }
  }

  async #readMounts(): Promise<void> {
    const text = await readFile(`${this.#proc}/self/mountinfo`, "utf8");
    if (text === this.#mountText) return;
    const chosen = chooseMounts(parseMounts(text));
    const local: Mount[] = [];
    for (const mount of chosen.local) {
      // Containers bind single files (/etc/hosts) from the host's disk: those are no disks.
      if (mount.root === "/" || (await isFolder(mount.mount))) local.push(mount);
    }
    this.#local = local;
    this.#remoteMounts = new Set(chosen.remote.map(({ mount }) => mount));
    this.#mountText = text;
  }
}

/** `/proc/self/mountinfo` (proc_pid_mountinfo(5)); blanks in paths come as octal escapes. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [left = "", right = ""] = line.split(" - ");
    const [, , deviceId, root, mount] = left.split(" ");
    const [type, source] = right.split(" ");
    if (!deviceId || !root || !mount || !type || !source) return [];
    return [{ deviceId, root: unescapePath(root), mount: unescapePath(mount), type, device: unescapePath(source).replace(/^\/dev\//, "") }];
  });
}

/** Real disks only, each device once under its shortest path; memory, images and the kernel's own file systems are left out. */
export function chooseMounts(mounts: readonly Mount[]): { local: Mount[]; remote: Mount[] } {
  const local = new Map<string, Mount>();
  const remote = new Map<string, Mount>();
  for (const mount of mounts) {
    if (IMAGES.test(mount.type)) continue;
    const isRemote = REMOTE.test(mount.type);
    const isDisk = isRemote || DISK_TYPES.test(mount.type) || (mount.type === "overlay" && mount.mount === "/");
    if (!isDisk) continue;
    const into = isRemote ? remote : local;
    // Subvolumes of btrfs have device numbers of their own and share one space.
    const key = mount.type === "btrfs" || isRemote ? mount.device : mount.deviceId;
    const known = into.get(key);
    if (known === undefined || better(mount, known)) into.set(key, mount);
  }
  return { local: [...local.values()], remote: [...remote.values()] };
}

const DISK_TYPES =
  /^(ext[234]|xfs|btrfs|zfs|f2fs|bcachefs|jfs|reiserfs|reiser4|nilfs2|vfat|exfat|msdos|ntfs3?|fuseblk|hfsplus|apfs|ufs|gfs2|ocfs2|ubifs|jffs2|virtiofs|drvfs)$/;

function better(mount: Mount, known: Mount): boolean {
  if ((mount.root === "/") !== (known.root === "/")) return mount.root === "/";
  return mount.mount.length < known.mount.length;
}

/** Bytes read and written per `major:minor`. */
export function parseDiskStats(text: string): Map<string, { device: string; readBytes: number; writeBytes: number }> {
  const found = new Map<string, { device: string; readBytes: number; writeBytes: number }>();
  for (const line of text.split("\n")) {
    const columns = line.trim().split(/ +/);
    const [major, minor, device] = columns;
    if (!major || !minor || !device || columns.length < 10) continue;
    const bytes = (column: number): number => Number(columns[column]) * SECTOR_BYTES;
    found.set(`${major}:${minor}`, { device, readBytes: bytes(5), writeBytes: bytes(9) });
  }
  return found;
}

/** Loaded when a network file system is there: the library is megabytes of code. */
async function askDf(): Promise<readonly DiskSpace[]> {
  return await (await import("./portable.ts")).dfSpace();
}

function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // not visible to us: no disk of ours
  );
}
