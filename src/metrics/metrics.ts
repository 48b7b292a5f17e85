// All metrics of the process in one registry: what is given to the parts to count with,
// and the text that Prometheus scrapes.

import { Registry, collectDefaultMetrics } from 'prom-client';

import type { CommitEnd } from '../commit/desk.ts';
import type { NewEvent } from '../events/event.ts';
import type { DiscoveryObserver } from '../xds/observer.ts';
import type { StreamStatus } from '../xds/stream-status.ts';
import { addCertificateMetrics } from './certificate-metrics.ts';
import { Distribution } from './distribution.ts';
import { EventCounters, addEventMetrics } from './event-metrics.ts';
import { addCounter, addGauge, addHistogram } from './series.ts';
import { StreamCounters } from './stream-counters.ts';
import { addStreamMetrics } from './stream-metrics.ts';
import { addWarningMetrics } from './warning-metrics.ts';
import { addWatchMetrics } from './watch-metrics.ts';

// From one changed cluster to everything of a large fleet.
const workBoundsSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

// Of prom-client's own: gauges with the ending that Prometheus keeps for counters. The same by type of resource stays.
const misnamedGauges = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export class Metrics {
  readonly #registry = new Registry();
  readonly #streamCounters = new StreamCounters();
  readonly #events = new EventCounters();
  readonly #commits: Record<CommitEnd, number> = { published: 0, unchanged: 0, failed: 0 };
  readonly #snapshotBuild = new Distribution(workBoundsSeconds);
  readonly #responseEncode = new Distribution(workBoundsSeconds);

  /**
   * @param statuses of the open streams, asked at each scrape.
   * @param droppedLogLines how many log lines could not be written, asked at each scrape.
   * @param certificateEndMs until when the certificate of our own ports is good, since 1970; undefined: they have none.
   * @param certificateEnds see {@link addCertificateMetrics}.
   * @param warnings see {@link addWarningMetrics}.
   * @param watched see {@link addWatchMetrics}.
   */
  constructor(
    statuses: () => Iterable<StreamStatus>,
    droppedLogLines: () => number = () => 0,
    certificateEndMs: () => number | undefined = () => undefined,
    certificateEnds: () => readonly number[] = () => [],
    warnings: () => readonly string[] = () => [],
    watched: () => readonly string[] = () => [],
  ) {
    addStreamMetrics(this.#registry, this.#streamCounters, statuses);
    addCounter(
      this.#registry,
      { name: 'controlplane_commits_total', help: 'Commits asked for, by what came of them', labelNames: ['result'] },
      () => Object.entries(this.#commits).map(([result, value]) => ({ labels: { result }, value })),
    );
    addHistogram(
      this.#registry,
      { name: 'controlplane_snapshot_build_seconds', help: 'Rendering a snapshot before it is published' },
      () => [{ labels: {}, distribution: this.#snapshotBuild }],
    );
    addHistogram(
      this.#registry,
      { name: 'controlplane_response_encode_seconds', help: 'Encoding a response, once for all streams that need it' },
      () => [{ labels: {}, distribution: this.#responseEncode }],
    );
    addCounter(
      this.#registry,
      { name: 'controlplane_log_lines_dropped_total', help: 'Log lines that nothing took', labelNames: [] },
      () => [{ labels: {}, value: droppedLogLines() }],
    );
    addGauge(
      this.#registry,
      {
        name: 'controlplane_tls_certificate_expiry_seconds',
        help: 'Until the certificate of our own ports expires, below 0 when it has; +Inf without TLS',
        labelNames: [],
      },
      () => [{ labels: {}, value: ((certificateEndMs() ?? Infinity) - Date.now()) / 1000 }],
    );
    addCertificateMetrics(this.#registry, certificateEnds);
    addWarningMetrics(this.#registry, warnings);
    addWatchMetrics(this.#registry, watched);
    addEventMetrics(this.#registry, this.#events);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of misnamedGauges) this.#registry.removeSingleMetric(name);
  }

  /** For the stream hub. */
  get observer(): DiscoveryObserver {
    return this.#streamCounters;
  }

  /** For the control plane. */
  readonly onRendered = (tookMs: number): void => this.#snapshotBuild.observe(tookMs / 1000);

  /** For the stream hub. */
  readonly onEncoded = (tookMs: number): void => this.#responseEncode.observe(tookMs / 1000);

  /** To be told of all that happens. */
  readonly onEvent = (event: NewEvent): void => this.#events.note(event);

  /** For the control plane. */
  readonly onCommitEnd = (end: CommitEnd): void => void (this.#commits[end] += 1);

  /** Media type of what {@link scrape} gives. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in Prometheus's text format. */
  scrape(): Promise<string> {
    return this.#registry.metrics();
  }
}
