// A scrape in Prometheus's text format, taken apart.

import assert from 'node:assert/strict';

/** One metric as its lines say. */
export interface ScrapedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** By series as it stands in the text: `name{label="value"}`. */
  readonly series: ReadonlyMap<string, number>;
}

/** By metric name. Throws where a line is out of place, or a name or series comes twice. */
export function parseScrape(text: string): ReadonlyMap<string, ScrapedMetric> {
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  const metrics = text.split(/^(?=# HELP )/mu).map(parseMetric);
  assert.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length);
  return new Map(metrics.map((metric) => [metric.name, metric]));
}

function parseMetric(block: string): ScrapedMetric {
  const [help = '', type = '', ...lines] = block.trimEnd().split('\n');
  const [, name = '', words = ''] = /^# HELP ([a-z][a-z0-9_]*) (.+)$/u.exec(help) ?? assert.fail(help);
  const [, kind = ''] = new RegExp(`^# TYPE ${name} ([a-z]+)$`, 'u').exec(type) ?? assert.fail(type);
  const suffix = kind === 'histogram' ? '_(?:bucket|sum|count)' : '';
  const sample = new RegExp(`^(${name}${suffix}(?:\\{[^{}]*\\})?) (\\S+)$`, 'u');
  const samples = lines.map((line): [string, number] => {
    const [, series = '', value = ''] = sample.exec(line) ?? assert.fail(line);
    return [series, value === '+Inf' ? Infinity : Number(value)];
  });
  assert.equal(new Set(samples.map(([series]) => series)).size, samples.length, `a series of ${name} comes twice`);
  return { name, help: words, type: kind, series: new Map(samples) };
}
