// How many servers are watched, and in which states they are: one metric, however many there are.

import type { Registry } from 'prom-client';

import type { SeenServer } from '../commit/desk.ts';
import { addGauge } from './series.ts';

const states: readonly SeenServer['state'][] = ['unknown', 'up', 'suspect', 'down', 'recovering'];

/** @param watched the state of each server, asked at each scrape. */
export function addWatchMetrics(registry: Registry, watched: () => readonly string[]): void {
  const help = 'Servers that are watched, each once for each cluster that has it, by what is seen of them';
  addGauge(registry, { name: 'controlplane_watched_servers', help, labelNames: ['state'] }, () => {
    const found = watched();
    return states.map((state) => ({ labels: { state }, value: found.filter((each) => each === state).length }));
  });
}
