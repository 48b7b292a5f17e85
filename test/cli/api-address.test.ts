import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readApiAddress } from '../../src/cli/api-address.ts';
import { UsageError } from '../../src/process/failure.ts';

const rule = 'must be HOST:PORT, [IPV6]:PORT or :PORT';

type Text = string | undefined;

const read: readonly (readonly [flag: Text, variable: Text, host: string, port: number])[] = [
  [undefined, undefined, '127.0.0.1', 8000],
  [undefined, 'cp.example:1', 'cp.example', 1],
  [undefined, '0.0.0.0:8000', '127.0.0.1', 8000],
  [undefined, ':9', '127.0.0.1', 9],
  ['10.0.0.1:2', 'what is not looked at', '10.0.0.1', 2],
  ['[::]:3', undefined, '127.0.0.1', 3],
  ['[::1]:3', undefined, '::1', 3],
];
for (const [flag, variable, host, port] of read) {
  test(`--api ${flag} and the variable ${variable} lead to ${host} ${port}`, () => {
    const given = new Map(flag === undefined ? [] : [['api', flag]]);
    assert.deepEqual(readApiAddress(given, { CONTROLPLANE_API_ADDRESS: variable }), { host, port });
  });
}

test('what can not be read is told with where it comes from', () => {
  assert.throws(() => readApiAddress(new Map([['api', '']]), {}), new UsageError(`--api "": ${rule}`));
  assert.throws(
    () => readApiAddress(new Map(), { CONTROLPLANE_API_ADDRESS: '' }),
    new UsageError(`CONTROLPLANE_API_ADDRESS "": ${rule}`),
  );
});
