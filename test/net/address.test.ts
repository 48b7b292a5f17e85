import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { AddressError, formatAddress, parseAddress, parseIpAndPort } from '../../src/net/address.ts';

const addresses: readonly (readonly [text: string, host: string, port: number])[] = [
  ['0.0.0.0:5678', '0.0.0.0', 5678],
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['127.0.0.1:65535', '127.0.0.1', 65_535],
  ['localhost:8000', 'localhost', 8000],
  ['node-1.example.com:8000', 'node-1.example.com', 8000],
  ['node-1.example.com.:8000', 'node-1.example.com.', 8000],
  ['control_plane:8000', 'control_plane', 8000],
  ['3com.example:8000', '3com.example', 8000],
  [':8000', '::', 8000],
  ['[::]:8000', '::', 8000],
  ['[2001:db8::1]:8000', '2001:db8::1', 8000],
  ['[fe80::1%eth0]:8000', 'fe80::1%eth0', 8000],
];

const form = /must be HOST:PORT/;
const host = /the host must be/;
const noAddresses: readonly (readonly [text: string, rule: RegExp])[] = [
  ['', form],
  [':', form],
  ['8000', form],
  ['localhost', form],
  ['localhost:', form],
  ['localhost:http', form],
  ['localhost:-1', form],
  ['localhost:80.5', form],
  ['localhost:80 ', form],
  ['localhost:8000\n', form],
  ['::1:8000', form],
  ['2001:db8::1', form],
  ['[::1]', form],
  ['[::1:8000', form],
  ['http://localhost:8000', form],
  ['0.0.0.0:65536', /port must be 0 to 65535/],
  ['0.0.0.0:99999999999999999999', /port must be 0 to 65535/],
  ['[127.0.0.1]:8000', /IPv6/],
  ['[]:8000', /IPv6/],
  ['[localhost]:8000', /IPv6/],
  ['256.0.0.1:8000', host],
  ['10.0.0:8000', host],
  ['10.0.0.1.:8000', host],
  [' localhost:8000', host],
  ['local host:8000', host],
  ['-localhost:8000', host],
  ['a..b:8000', host],
  ['.:8000', host],
  ['/run/api.sock:8000', host],
];

describe('an address', () => {
  for (const [text, name, port] of addresses) {
    test(`${text} is read and written`, () => {
      const address = parseAddress(text);
      assert.deepEqual(address, { host: name, port });
      assert.deepEqual(parseAddress(formatAddress(address)), address);
    });
  }

  for (const [text, rule] of noAddresses) {
    test(`${JSON.stringify(text)} is none`, () => {
      assert.throws(() => parseAddress(text), (error) => error instanceof AddressError && rule.test(error.message));
    });
  }

  test('IPv6 is written in brackets', () => {
    assert.equal(formatAddress({ host: '::1', port: 80 }), '[::1]:80');
    assert.equal(formatAddress({ host: '192.0.2.1', port: 80 }), '192.0.2.1:80');
  });
});

describe('an IP address and port', () => {
  test('is IPv4 or IPv6', () => {
    assert.deepEqual(parseIpAndPort('192.0.2.1:6379'), { host: '192.0.2.1', port: 6379 });
    assert.deepEqual(parseIpAndPort('[::]:6379'), { host: '::', port: 6379 });
  });

  test('is in its canonical spelling', () => {
    assert.deepEqual(parseIpAndPort('[0:0::0]:6379'), { host: '::', port: 6379 });
    assert.deepEqual(parseIpAndPort('[::ffff:127.0.0.1]:6379'), { host: '127.0.0.1', port: 6379 });
  });

  for (const text of [':6379', 'localhost:6379', '[fe80::1%eth0]:6379', 'nonsense', '0.0.0.0:65536']) {
    test(`${text} is none`, () => assert.throws(() => parseIpAndPort(text), AddressError));
  }
});
