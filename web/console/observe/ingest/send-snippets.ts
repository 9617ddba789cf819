export const SENDERS = ["prometheus", "opentelemetry", "collector", "curl"] as const;
export type Sender = (typeof SENDERS)[number];

export interface Snippet {
  readonly title: string;
  readonly where: string;
  readonly text: string;
}

/** What stands for the key: nobody's secret belongs onto a page. */
const KEY = "YOUR_KEY";

/** How each sender is pointed at this deployment, ready to paste but for the key. */
export function sendSnippets(origin: string): Record<Sender, Snippet> {
  return {
    prometheus: {
      title: "Prometheus",
      where: "Add this to prometheus.yml and reload it. Agent mode, Grafana Alloy and vmagent take the same.",
      text: [
        "remote_write:",
        `  - url: ${origin}/prometheus/api/v1/write`,
        "    authorization:",
        `      credentials: ${KEY}`,
        "    metadata_config:",
        "      send: true",
        "    send_exemplars: true",
      ].join("\n"),
    },
    opentelemetry: {
      title: "OTel SDK",
      where: "Set these where the program with the OpenTelemetry SDK starts. Delta and cumulative temporality are both taken.",
      text: [
        "OTEL_METRICS_EXPORTER=otlp",
        `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=${origin}/otlp/v1/metrics`,
        `OTEL_EXPORTER_OTLP_METRICS_HEADERS=authorization=Bearer%20${KEY}`,
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/protobuf",
      ].join("\n"),
    },
    collector: {
      title: "OTel Collector",
      where: "Add the exporter to the OpenTelemetry Collector’s configuration and name it in the metrics pipeline.",
      text: [
        "exporters:",
        "  otlphttp/meridian:",
        `    metrics_endpoint: ${origin}/otlp/v1/metrics`,
        "    headers:",
        `      authorization: Bearer ${KEY}`,
        "service:",
        "  pipelines:",
        "    metrics:",
        "      exporters: [otlphttp/meridian]",
      ].join("\n"),
    },
    curl: {
      title: "curl",
      where: "One sample by hand, to see that it works.",
      text: [
        `curl -H 'Authorization: Bearer ${KEY}' -H 'Content-Type: application/json' \\`,
        `  ${origin}/v1/metrics/ingest \\`,
        `  -d '{"samples":[{"metric":"queue_depth","labels":{"queue":"mail"},"timestamp":'$(date +%s)000',"value":12}]}'`,
      ].join("\n"),
    },
  };
}
