// A control plane in a network namespace of its own, and its bridges: sockets of the file system, which are the same in
// each. Started by island.ts, which tells it what to bridge and whom to start.

import { spawn } from 'node:child_process';

import { Relay } from '../../test/support/xds/relay.ts';
import type { Place } from '../../test/support/xds/relay.ts';

export interface Inside {
  readonly bridges: readonly { readonly from: Place; readonly to: Place }[];
  readonly command: readonly [program: string, ...args: readonly string[]];
}

const { bridges, command: [program, ...args] } = JSON.parse(process.argv[2] ?? '') as Inside;
await Promise.all(bridges.map(({ from, to }) => new Relay(to).listen(from)));
spawn(program, args, { stdio: 'inherit' }).once('exit', (code) => process.exit(code ?? 1));
