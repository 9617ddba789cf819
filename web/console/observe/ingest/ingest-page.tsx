import { Send } from "lucide";
import { collect } from "../../../lib/collect.ts";
import { serverNow } from "../../../lib/clock.ts";
import { formatAge } from "../../../lib/format.ts";
import { place, setQuery } from "../../../lib/location.ts";
import { useResource } from "../../../lib/resource.ts";
import { readQuery } from "../../../lib/url-state.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { PageHead } from "../../../ui/page-head.tsx";
import { EmptyState, Notice, Skeleton } from "../../../ui/states.tsx";
import { api } from "../../api.ts";
import { failureOf, PageError } from "../../page-error.tsx";
import { can } from "../../session.ts";
import { metricsApi } from "../metrics-api.ts";
import { ingestHead, rejectionId } from "./ingest-words.ts";
import { RejectionDrawer, Rejections } from "./rejections.tsx";
import { SendDrawer } from "./send-drawer.tsx";
import { Sources } from "./sources.tsx";
import "./ingest.css";

const HOW = (
  <LinkButton href="/console/observe/ingest?send=prometheus" icon={Send}>
    How to send
  </LinkButton>
);

/** What comes in, from whom, how late, and what is refused and why. */
export default function IngestPage() {
  const read = useResource("rejected", (abort) => metricsApi.rejected(abort), 15_000);
  // Names of keys are for those who may see keys; the others see the start of the id.
  const keys = useResource("keys of ingest", async (signal) =>
    can("keys:manage") ? await collect((page) => api.keys.list(page, { signal })) : [],
  );
  const keyNames = new Map((keys.data.value ?? []).map(({ id, name }) => [id, name]));
  const of = read.data.value;
  const failure = read.error.value;
  const { search } = place.value;
  const opened = readQuery(search, "rejected");
  const nothing = of && of.ingest.length === 0 && of.items.length === 0 && of.totals.length === 0;
  return (
    <>
      {of && <PageHead {...ingestHead(of, serverNow())} actions={HOW} />}
      {!of && failure && <PageError failure={failureOf(failure, "Ingest could not be read")} onRetry={read.reload} />}
      {!of && !failure && <Skeleton rows={4} />}
      {of && (
        <div class="stack">
          {failure && (
            <Notice tone="warn">
              This could not be refreshed: {failure.detail}. What is shown is {formatAge(serverNow() - read.at.value)} old.
            </Notice>
          )}
          {nothing && (
            <EmptyState title="No samples within the hour" action={HOW}>
              Here stands who sends how much, how late it arrives, and what is refused and why. Agents, Prometheus, OpenTelemetry and curl
              can send.
            </EmptyState>
          )}
          {of.ingest.length > 0 && <Sources of={of} keyNames={keyNames} />}
          {!nothing && (
            <Card title="Refused samples">
              {of.totals.length === 0 && of.items.length === 0 ? (
                <p class="muted">None within 24 h.</p>
              ) : (
                <Rejections of={of} keyNames={keyNames} />
              )}
            </Card>
          )}
        </div>
      )}
      {readQuery(search, "send") !== "" && <SendDrawer onClose={() => setQuery({ send: null }, { replace: false })} />}
      {of && opened !== "" && (
        <RejectionDrawer
          of={of.items.find((one) => rejectionId(one) === opened)}
          keyNames={keyNames}
          onClose={() => setQuery({ rejected: null }, { replace: false })}
        />
      )}
    </>
  );
}
