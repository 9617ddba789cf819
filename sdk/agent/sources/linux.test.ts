import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing.ts";
import { betterName, linuxSource, parseCpuTimes, parseInterfaces, parseMemory, parseProcess } from "./linux.ts";
import { chooseMounts, LinuxDisks, parseDiskStats, parseMounts } from "./linux-disks.ts";
import { readTemperatures } from "./linux-temperatures.ts";

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

describe("Linux figures", () => {
  it("[AG58] reads CPU time per core, with waiting for disks as idle", () => {
    const text = "cpu  30 0 30 200 20 5 5 10 3 0\ncpu0 10 0 10 70 10 0 0 0 0 0\ncpu12 20 0 20 130 10 5 5 10 3 0\nintr 5\n";
    expect(parseCpuTimes(text)).toEqual([
      { core: "0", busy: 20, total: 100 },
      { core: "12", busy: 60, total: 200 },
    ]);
  });

  it("[AG58] reads memory as what programs hold, also from kernels that do not say what is available", () => {
    expect(parseMemory("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable:   600 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n")).toEqual({
      totalBytes: 1_024_000,
      usedBytes: 409_600,
      swapTotalBytes: 51_200,
      swapUsedBytes: 30_720,
    });
    expect(parseMemory("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 250 kB\n").usedBytes).toBe(600 * 1_024);
  });

  it("[AG58] reads interfaces, with aliases and without blanks behind the colon", () => {
    const text =
      "Inter-|   Receive\n face |bytes\n    lo: 10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\neth0:1:99999999999 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n";
    expect(parseInterfaces(text)).toEqual([
      { name: "lo", receivedBytes: 10, transmittedBytes: 20 },
      { name: "eth0:1", receivedBytes: 99_999_999_999, transmittedBytes: 7 },
    ]);
  });

  it("[AG58] reads a process whatever stands in its name", () => {
    const stat = "42 (a) b (c) R 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 98765 1000000 300 184467 1";
    expect(parseProcess(stat, 4_096, 100)).toEqual({
      pid: 42,
      name: "a) b (c",
      startedAt: 98_765,
      cpuSeconds: 3,
      memoryBytes: 300 * 4_096,
    });
    expect(parseProcess("", 4_096, 100)).toBeUndefined();
    expect(parseProcess("7 nonsense", 4_096, 100)).toBeUndefined();
  });

  it("[AG58] names a process after its program, never after its arguments", () => {
    expect(betterName("MainThread", "/usr/bin/node\0--token\0secret")).toBe("node");
    expect(betterName("gnome-terminal-", "/usr/libexec/gnome-terminal-server\0")).toBe("gnome-terminal-server");
    expect(betterName("postgres", "postgres: writer process\0")).toBe("postgres: writer process");
    expect(betterName("sshd", "sshd: user@pts/0\0")).toBe("sshd");
    expect(betterName("kworker/0:1", "")).toBe("kworker/0:1");
    expect(betterName("python3", "/opt/app/run.py\0")).toBe("python3");
  });

  it("[AG58] a process that ends while it is read is left out", async () => {
    using folder = temporaryFolder();
    put(folder.path, { "1/stat": "1 (init) S 0 1 1 0 -1 0 0 0 0 0 5 5 0 0 20 0 1 0 9 1000 10 0", "self/x": "", meminfo: "" });
    mkdirSync(join(folder.path, "2"));
    const processes = await linuxSource({ proc: folder.path, sys: folder.path }).processes();
    expect(processes.map(({ pid }) => pid)).toEqual([1]);
  });
});

const MOUNTS = [
  "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw",
  "23 22 254:1 /srv/data /data rw - ext4 /dev/vda1 rw",
  "24 22 0:5 / /proc rw - proc proc rw",
  "25 22 0:6 / /run rw - tmpfs tmpfs rw",
  "26 22 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro",
  "27 22 8:17 / /media/My\\040Disk rw - vfat /dev/sdb1 rw",
  "28 22 0:44 / /mnt/share rw - nfs4 nas:/export rw",
  "29 22 0:50 /@ /home rw - btrfs /dev/sdc1 rw",
  "30 22 0:51 /@var /var/lib/machines rw - btrfs /dev/sdc1 rw",
  "31 22 0:60 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw",
].join("\n");

describe("Linux disks", () => {
  it("[AG59] takes real disks once each, under their own root or shortest path; network disks apart; images and memory not at all", () => {
    const { local, remote } = chooseMounts(parseMounts(MOUNTS));
    expect(local.map(({ mount, device }) => [mount, device])).toEqual([
      ["/", "vda1"],
      ["/media/My Disk", "sdb1"],
      ["/home", "sdc1"],
    ]);
    expect(remote.map(({ mount }) => mount)).toEqual(["/mnt/share"]);
  });

  it("[AG59] in a container the overlay at / is the disk", () => {
    const text = "1 0 0:30 / / rw - overlay overlay rw\n2 1 254:1 /containers/x/hosts /etc/hosts rw - ext4 /dev/vda1 rw";
    expect(chooseMounts(parseMounts(text)).local.map(({ mount }) => mount)).toEqual(["/", "/etc/hosts"]);
  });

  it("[AG59] a single file that a container binds is no disk", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "hosts");
    put(folder.path, {
      hosts: "",
      "self/mountinfo": `1 0 0:30 / ${folder.path} rw - ext4 /dev/vda1 rw\n2 1 254:2 /x/hosts ${file} rw - ext4 /dev/vdb1 rw`,
      diskstats: "254 0 vda 1 0 10 0 1 0 20 0\n",
    });
    const spaces = await new LinuxDisks(folder.path).space(() => undefined);
    expect(spaces.map(({ mount }) => mount)).toEqual([folder.path]);
    expect(spaces[0]?.totalBytes).toBeGreaterThan(spaces[0]?.usedBytes ?? Infinity);
  });

  it("[AG59] reads bytes read and written by device number, in sectors of 512 bytes", () => {
    expect(parseDiskStats(" 254       1 vda1 10 0 8 0 5 0 4 0 0 0 0\n").get("254:1")).toEqual({
      device: "vda1",
      readBytes: 4_096,
      writeBytes: 2_048,
    });
  });

  it("[AG59] I/O belongs to the mount of the device; where no mount is a device the whole disks speak", async () => {
    using folder = temporaryFolder();
    const stats = "254 0 vda 1 0 100 0 1 0 200 0\n254 1 vda1 1 0 10 0 1 0 20 0\n7 0 loop0 1 0 1 0 1 0 1 0\n";
    put(folder.path, { "self/mountinfo": "22 1 254:1 / / rw - ext4 /dev/vda1 rw", diskstats: stats });
    expect(await new LinuxDisks(folder.path).io()).toEqual([{ mount: "/", device: "vda1", readBytes: 5_120, writeBytes: 10_240 }]);
    put(folder.path, { "self/mountinfo": "22 1 0:30 / / rw - overlay overlay rw" });
    expect(await new LinuxDisks(folder.path).io()).toEqual([{ device: "vda", readBytes: 51_200, writeBytes: 102_400 }]);
  });

  it("[AG59] a mount that cannot be read is told, and the others are read", async () => {
    using folder = temporaryFolder();
    put(folder.path, {
      "self/mountinfo": `1 0 8:1 / ${folder.path}/gone rw - ext4 /dev/sda1 rw\n2 0 8:2 / ${folder.path} rw - ext4 /dev/sda2 rw`,
    });
    const warnings: string[] = [];
    const spaces = await new LinuxDisks(folder.path).space((text) => warnings.push(text));
    expect(spaces).toHaveLength(1);
    expect(warnings).toEqual([`${folder.path}/gone cannot be read (ENOENT)`]);
  });

  it("[AG59] a network file system that hangs never holds the local disks up", async () => {
    using folder = temporaryFolder();
    put(folder.path, {
      "self/mountinfo": `1 0 8:1 / ${folder.path} rw - ext4 /dev/sda1 rw\n2 0 0:40 / /mnt/nas rw - nfs nas:/x rw`,
    });
    let asked = 0;
    const disks = new LinuxDisks(folder.path, async () => {
      asked++;
      return await new Promise(() => undefined);
    });
    for (let round = 0; round < 3; round++) expect(await disks.space(() => undefined)).toHaveLength(1);
    expect(asked).toBe(1);
  });
});

describe("Linux temperatures", () => {
  it("[AG58] reads every sensor by chip and label, and leaves unplugged ones out", async () => {
    using folder = temporaryFolder();
    put(folder.path, {
      "class/hwmon/hwmon0/name": "coretemp\n",
      "class/hwmon/hwmon0/temp1_input": "45000\n",
      "class/hwmon/hwmon0/temp1_label": "Package id 0\n",
      "class/hwmon/hwmon0/temp2_input": "43500\n",
      "class/hwmon/hwmon0/temp3_input": "-274000\n",
      "class/hwmon/hwmon1/name": "coretemp\n",
      "class/hwmon/hwmon1/temp1_input": "50000\n",
      "class/hwmon/hwmon1/temp1_label": "Package id 0\n",
      "class/thermal/thermal_zone0/type": "acpitz",
      "class/thermal/thermal_zone0/temp": "30000",
    });
    expect(await readTemperatures(folder.path)).toEqual([
      { sensor: "coretemp Package id 0", celsius: 45 },
      { sensor: "coretemp temp2", celsius: 43.5 },
      { sensor: "coretemp Package id 0 #2", celsius: 50 },
    ]);
  });

  it("[AG58] falls back on thermal zones, and on nothing", async () => {
    using folder = temporaryFolder();
    expect(await readTemperatures(folder.path)).toEqual([]);
    put(folder.path, { "class/thermal/thermal_zone0/type": "cpu-thermal\n", "class/thermal/thermal_zone0/temp": "51234\n" });
    expect(await readTemperatures(folder.path)).toEqual([{ sensor: "cpu-thermal", celsius: 51.234 }]);
  });
});
