import { chownSync, closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file so that every reader, and a kill at any moment, finds either the old text or the new one, whole. Only its owner may
 * read it; it stays the owner's it was, whoever writes. A link to it stays a link.
 */
export function replaceFile(name: string, text: string): void {
  const before = statSync(name, { throwIfNoEntry: false });
  const path = before ? realpathSync(name) : name;
  const temporary = `${path}.${process.pid}.new`;
  try {
    const fd = openSync(temporary, "w", 0o600);
    try {
      writeFileSync(fd, text); // all of it, unlike one writeSync
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    // A ring that root edits must stay readable for the user that the node runs as.
    if (before && process.getuid?.() === 0) chownSync(temporary, before.uid, before.gid);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes the new name itself durable; systems without it keep names by themselves. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Windows opens no folders: its rename is as durable as it gets.
  }
}
