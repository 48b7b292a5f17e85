import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readApiAddress } from '../../src/cli/api-address.ts';
import { parseAddress } from '../../src/net/address.ts';
import { UsageError } from '../../src/process/failure.ts';

const rule = 'must be HOST:PORT, [IPV6]:PORT or :PORT';

type Text = string | undefined;

const read: readonly (readonly [flag: Text, variable: Text, file: Text, host: string, port: number])[] = [
  [undefined, undefined, undefined, '127.0.0.1', 8000],
  [undefined, undefined, 'cp.example:2', 'cp.example', 2],
  [undefined, 'cp.example:1', 'what is not looked at', 'cp.example', 1],
  [undefined, '0.0.0.0:8000', undefined, '127.0.0.1', 8000],
  [undefined, ':9', undefined, '127.0.0.1', 9],
  ['10.0.0.1:2', 'what is not looked at', undefined, '10.0.0.1', 2],
  ['[::]:3', undefined, undefined, '127.0.0.1', 3],
  ['[::1]:3', undefined, undefined, '::1', 3],
];
for (const [flag, variable, file, host, port] of read) {
  test(`--api ${flag}, the variable ${variable} and the file's ${file} lead to ${host} ${port}`, () => {
    const preferences = file === undefined ? {} : { api: file };
    const address = readApiAddress(flag === undefined ? flag : parseAddress(flag), { CONTROLPLANE_API_ADDRESS: variable }, preferences);
    assert.deepEqual(address, { host, port });
  });
}

test('what can not be read is told with where it comes from', () => {
  assert.throws(
    () => readApiAddress(undefined, { CONTROLPLANE_API_ADDRESS: '' }),
    new UsageError(`CONTROLPLANE_API_ADDRESS "": ${rule}`),
  );
  assert.throws(
    () => readApiAddress(undefined, {}, { api: 'x' }),
    new UsageError(`api in the file of defaults "x": ${rule}`),
  );
});
