import { Download } from "lucide";
import { download } from "../../lib/download.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { me } from "../session.ts";

/** The codes that work once each when the app is lost; shown once. */
export function BackupCodes({ codes }: { codes: readonly string[] }) {
  const file = `Backup codes of ${me.value?.email ?? ""} at ${location.host}.\nEach works once.\n\n${codes.join("\n")}\n`;
  return (
    <div class="stack">
      <ul class="backup-codes" aria-label="Backup codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="actions">
        <CopyButton text={codes.join("\n")} words="Copy the codes" />
        <Button icon={Download} onClick={() => download("backup-codes.txt", file, "text/plain")}>
          Download
        </Button>
      </div>
    </div>
  );
}
