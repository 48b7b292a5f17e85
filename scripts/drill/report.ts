// What a drill found, and how it is shown to people.

import type { Moment } from './timeline.ts';

/** What is promised of a scenario, and whether it was kept this time. */
export interface Promised {
  readonly what: string;
  readonly isKept: boolean;
  /** What was seen. */
  readonly detail: string;
}

/** What became of the commands of a drill. */
export interface LoadReport {
  readonly perSecond: number;
  readonly sent: number;
  /** With what they asked for. */
  readonly answered: number;
  /** How many failed, by what clients were told. */
  readonly errors: Readonly<Record<string, number>>;
  /** Writes that were acknowledged and are not on the server that has them in the end; undefined: not asked. */
  readonly lost?: number | undefined;
}

export interface Report {
  readonly scenario: string;
  readonly summary: string;
  /** How many Envoys the control plane served, those in processes of their own and light ones. */
  readonly envoys: readonly [real: number, light: number];
  /** In order of time. Of what did not happen there is none. */
  readonly timeline: readonly Moment[];
  readonly load: LoadReport;
  readonly promises: readonly Promised[];
}

export function isKept({ promises }: Report): boolean {
  return promises.every((promise) => promise.isKept);
}

/** One or more lines, the last with its end. */
export function renderReport(report: Report): string {
  const { scenario, summary, envoys: [real, light], timeline, load, promises } = report;
  const [first] = timeline;
  const moments = timeline.map(({ what, atMs }) => `${msAfter(atMs, first?.atMs ?? atMs).padStart(12)}  ${what}\n`);
  const kept = promises.map(({ what, isKept: is, detail }) => `${is ? 'PASS' : 'FAIL'}  ${what}: ${detail}\n`);
  const head = `${scenario}: ${summary}\n${real} Envoys and ${light} light ones\n`;
  return [head, ...moments, ...renderLoad(load), ...kept].join('');
}

function renderLoad({ perSecond, sent, answered, errors, lost }: LoadReport): string[] {
  const failed = sent - answered;
  const head = `${inWords(sent)} commands at ${inWords(perSecond)} a second: ${inWords(failed)} failed`;
  const tail = lost === undefined ? '\n' : `, ${inWords(lost)} that were acknowledged are lost\n`;
  return [head + tail, ...Object.entries(errors).map(([text, count]) => `${inWords(count).padStart(12)}  ${text}\n`)];
}

function msAfter(atMs: number, zeroMs: number): string {
  return `${(atMs - zeroMs).toFixed(1)} ms`;
}

function inWords(count: number): string {
  return count.toLocaleString('en');
}
