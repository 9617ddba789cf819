/** Something that the person at the terminal can change; its message is a sentence for them. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}
