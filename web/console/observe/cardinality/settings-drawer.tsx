import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { MetricSettings, MetricSettingsView } from "../../../../contract/metric-settings.ts";
import type { MeridianError } from "../../../../sdk/errors.ts";
import { asError, useResource } from "../../../lib/resource.ts";
import { Button } from "../../../ui/button.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Drawer } from "../../../ui/drawer.tsx";
import { Field } from "../../../ui/field.tsx";
import { Skeleton } from "../../../ui/states.tsx";
import { toast } from "../../../ui/toast.tsx";
import { useFocusWrong } from "../../identity/use-focus-wrong.ts";
import { failureOf, PageError } from "../../page-error.tsx";
import { can, me } from "../../session.ts";
import { metricsApi } from "../metrics-api.ts";
import { draftOf, planValue, type SettingField, settingsOf, shortened } from "./settings-draft.ts";

const FIELDS: readonly { field: SettingField; label: string; unit: string }[] = [
  { field: "rawHours", label: "Raw points are kept for", unit: "hours" },
  { field: "minuteDays", label: "Rollups of a minute are kept for", unit: "days" },
  { field: "hourDays", label: "Rollups of an hour are kept for", unit: "days" },
  { field: "activeSeries", label: "Active series, at most", unit: "series" },
  { field: "newSeriesPerHour", label: "New series an hour, at most", unit: "series" },
];

interface FormProps {
  readonly view: MetricSettingsView;
  readonly onSaved: () => void;
}

function SettingsForm({ view, onSaved }: FormProps) {
  const plan = me.value?.tenant.plan ?? "free";
  const draft = useSignal(draftOf(view));
  const wrong = useSignal<Readonly<Partial<Record<keyof MetricSettings, string>>>>({});
  const failure = useSignal<MeridianError | undefined>(undefined);
  const busy = useSignal(false);
  const asking = useSignal<MetricSettings | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);
  useFocusWrong(form, failure.value ?? (Object.keys(wrong.value).length > 0 ? wrong.value : undefined));
  const manages = can("metrics:manage");
  const put = async (settings: MetricSettings) => {
    await metricsApi.putSettings(settings);
    toast("Saved; it counts everywhere within ten minutes.");
    onSaved();
  };
  const save = async (settings: MetricSettings) => {
    busy.value = true;
    failure.value = undefined;
    try {
      await put(settings);
    } catch (error) {
      failure.value = asError(error);
    }
    busy.value = false;
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const read = settingsOf(draft.value, view.settings, plan);
    wrong.value = "wrong" in read ? read.wrong : {};
    if ("wrong" in read) return;
    if (shortened(view.settings, read.settings, plan).length > 0) asking.value = read.settings;
    else void save(read.settings);
  };
  const errorOf = (field: keyof MetricSettings) => wrong.value[field] ?? failure.value?.fieldError(`/${field}`);
  const change = (field: keyof MetricSettings, text: string) => (draft.value = { ...draft.value, [field]: text });
  return (
    <>
      <form ref={form} id="metric-settings" class="form" noValidate onSubmit={submit}>
        {FIELDS.map(({ field, label, unit }) => {
          const most = planValue(plan, field).toLocaleString("en");
          return (
            <Field key={field} label={label} hint={`In ${unit}. Empty: the plan’s ${most}, which is also the most.`} error={errorOf(field)}>
              {(control) => (
                <input
                  {...control}
                  type="text"
                  inputMode="numeric"
                  autocomplete="off"
                  disabled={!manages}
                  placeholder={`${most} (plan)`}
                  value={draft.value[field]}
                  onInput={(event) => change(field, event.currentTarget.value)}
                />
              )}
            </Field>
          );
        })}
        <Field
          label="Shards"
          hint="Objects that series spread over by their source. More take more series and more samples; there can only be more later, never fewer."
          error={errorOf("shards")}
        >
          {(control) => (
            <input
              {...control}
              type="text"
              inputMode="numeric"
              autocomplete="off"
              disabled={!manages}
              value={draft.value.shards}
              onInput={(event) => change("shards", event.currentTarget.value)}
            />
          )}
        </Field>
        {failure.value && (
          <p class="field-error" role="alert">
            {failure.value.detail}
            {failure.value.requestId && ` (request ${failure.value.requestId})`}
          </p>
        )}
        {manages && (
          <Button type="submit" kind="primary" busy={busy.value}>
            Save
          </Button>
        )}
      </form>
      {asking.value && <AskShorter before={view.settings} after={asking.value} put={put} onClose={() => (asking.value = undefined)} />}
    </>
  );
}

interface AskProps {
  readonly before: MetricSettings;
  readonly after: MetricSettings;
  readonly put: (settings: MetricSettings) => Promise<void>;
  readonly onClose: () => void;
}

/** Keeping less deletes what is older. */
function AskShorter({ before, after, put, onClose }: AskProps) {
  const tiers = shortened(before, after, me.value?.tenant.plan ?? "free");
  return (
    <Confirm title="Keep less" typed="keep less" verb="Keep less" act={() => put(after)} onClose={onClose}>
      <p>
        Points of the {new Intl.ListFormat("en-GB").format(tiers)} {tiers.length === 1 ? "tier" : "tiers"} that are older than the new time
        are deleted within the hour. This cannot be undone.
      </p>
    </Confirm>
  );
}

/** How this tenant's metrics are kept: for how long, how many, over how many objects. */
export function SettingsDrawer({ onSaved, onClose }: { onSaved: () => void; onClose: () => void }) {
  const settings = useResource("metric-settings", (abort) => metricsApi.settings(abort));
  const view = settings.data.value;
  const failure = settings.error.value;
  const saved = () => {
    settings.reload();
    onSaved();
  };
  return (
    <Drawer title="Limits and retention" label="Limits and retention" onClose={onClose}>
      {view ? (
        <SettingsForm key={JSON.stringify(view.settings)} view={view} onSaved={saved} />
      ) : failure ? (
        <PageError failure={failureOf(failure, "The settings could not be read")} onRetry={settings.reload} />
      ) : (
        <Skeleton rows={4} />
      )}
    </Drawer>
  );
}
