import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { encodeMessage } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';
import { MalformedRequestError, parseNames, parseSotwRequest } from '../../src/xds/discovery-request.ts';
import { discoveryApis } from '../support/xds/discovery-api.ts';
import type { ApiVersion } from '../support/xds/discovery-api.ts';

function encode(apiVersion: ApiVersion, fields: PlainMessage): Buffer {
  return encodeMessage(discoveryApis[apiVersion].sotwRequest, fields);
}

const names = (...list: readonly string[]): Buffer => encode('v3', { resource_names: list });

for (const apiVersion of ['v2', 'v3'] as const) {
  describe(`parseSotwRequest (${apiVersion})`, () => {
    test('reads every field', () => {
      const request = parseSotwRequest(
        encode(apiVersion, {
          version_info: '7',
          node: { id: 'n' },
          resource_names: ['a', 'ü', 'a'],
          type_url: 'type.googleapis.com/x',
          response_nonce: '3',
          error_detail: { code: 13, message: 'no' },
        }),
      );
      assert.equal(request.versionInfo, '7');
      assert.deepEqual(Buffer.from(request.node ?? []), Buffer.from('\n\x01n'));
      assert.deepEqual(parseNames(request.encodedNames), ['a', 'ü', 'a']);
      assert.equal(request.typeUrl, 'type.googleapis.com/x');
      assert.equal(request.responseNonce, '3');
      assert.deepEqual(request.errorDetail, { code: 13, message: 'no' });
    });

    test('an empty request has empty fields, no node and no error', () => {
      const { encodedNames, ...rest } = parseSotwRequest(encode(apiVersion, {}));
      assert.deepEqual(rest, {
        versionInfo: '',
        node: undefined,
        typeUrl: '',
        responseNonce: '',
        errorDetail: undefined,
      });
      assert.deepEqual(parseNames(encodedNames), []);
    });
  });
}

describe('parseSotwRequest', () => {
  test('an error_detail without content is still a NACK', () => {
    assert.deepEqual(parseSotwRequest(Buffer.from([0x32, 0])).errorDetail, { code: 0, message: '' });
  });

  test('takes names that do not stand together', () => {
    const request = Buffer.concat([names('a', 'b'), encode('v3', { type_url: 't' }), names('c'), names('d')]);
    const { encodedNames, typeUrl } = parseSotwRequest(request);
    assert.deepEqual(parseNames(encodedNames), ['a', 'b', 'c', 'd']);
    assert.equal(typeUrl, 't');
  });

  test('the same names have the same bytes, wherever they stand', () => {
    const apart = Buffer.concat([names('a'), encode('v3', { response_nonce: '1' }), names('b')]);
    assert.deepEqual(
      Buffer.from(parseSotwRequest(apart).encodedNames),
      Buffer.from(parseSotwRequest(names('a', 'b')).encodedNames),
    );
  });

  test('takes empty names and a tag that is longer than need be', () => {
    assert.deepEqual(parseNames(parseSotwRequest(names('', 'a', '')).encodedNames), ['', 'a', '']);
    const longTag = Buffer.concat([Buffer.from([0x9a, 0x00, 0x01]), Buffer.from('x'), names('y')]);
    assert.deepEqual(parseNames(parseSotwRequest(longTag).encodedNames), ['x', 'y']);
  });

  test('passes over fields that it does not know, of every wire type', () => {
    const unknown = [
      Buffer.from([0x38, 0x01]), // varint
      Buffer.from([0x79, 1, 2, 3, 4, 5, 6, 7, 8]), // 64 bits
      Buffer.from([0x7d, 1, 2, 3, 4]), // 32 bits
      Buffer.from([0x7a, 0x02, 1, 2]), // bytes
      Buffer.from([0x7b, 0x08, 0x01, 0x7c]), // group
    ];
    for (const bytes of unknown) {
      const { encodedNames, versionInfo } = parseSotwRequest(
        Buffer.concat([names('a'), bytes, encode('v3', { version_info: 'v' }), bytes]),
      );
      assert.deepEqual(parseNames(encodedNames), ['a']);
      assert.equal(versionInfo, 'v');
    }
  });

  test('passes over a known field of another wire type', () => {
    assert.equal(parseSotwRequest(Buffer.from([0x08, 0x01])).versionInfo, '');
  });

  test('the last of a field that occurs twice counts', () => {
    const twice = Buffer.concat([encode('v3', { type_url: 'a' }), encode('v3', { type_url: 'b' })]);
    assert.equal(parseSotwRequest(twice).typeUrl, 'b');
  });

  test('refuses a request that is cut short within a field', () => {
    const parts = [
      encode('v3', { version_info: '12345' }),
      encode('v3', { node: { id: 'n' } }),
      encode('v3', { resource_names: ['name'] }),
      encode('v3', { type_url: 'type' }),
      encode('v3', { response_nonce: 'nonce' }),
      encode('v3', { error_detail: { message: 'text' } }),
    ];
    for (const part of parts) {
      for (let length = 1; length < part.length; length += 1) {
        const cut = part.subarray(0, length);
        const seen = `${cut.toString('hex')} of ${part.toString('hex')}`;
        assert.throws(() => parseSotwRequest(cut), MalformedRequestError, seen);
        assert.throws(() => parseSotwRequest(Buffer.concat([names('a'), cut])), MalformedRequestError, seen);
      }
    }
  });

  test('refuses an error_detail that is cut short inside', () => {
    assert.throws(() => parseSotwRequest(Buffer.from([0x32, 0x03, 0x12, 0x7f, 0x61])), MalformedRequestError);
  });

  test('throws MalformedRequestError and nothing else, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          parseNames(parseSotwRequest(Buffer.from(bytes)).encodedNames);
        } catch (error) {
          assert.ok(error instanceof MalformedRequestError, String(error));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('reads back what was encoded, in any order of fields', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const fields = fc.record({ version: text, typeUrl: text, nonce: text, list: fc.array(text, { maxLength: 20 }) });
    fc.assert(
      fc.property(fields, fc.infiniteStream(fc.nat()), ({ version, typeUrl, nonce, list }, keys) => {
        const parts = [
          encode('v3', { version_info: version }),
          encode('v3', { type_url: typeUrl }),
          encode('v3', { response_nonce: nonce }),
          names(...list),
        ].map((part) => ({ part, key: keys.next().value ?? 0 }));
        parts.sort((a, b) => a.key - b.key);
        const request = parseSotwRequest(Buffer.concat(parts.map(({ part }) => part)));
        assert.equal(request.versionInfo, version);
        assert.equal(request.typeUrl, typeUrl);
        assert.equal(request.responseNonce, nonce);
        assert.deepEqual(parseNames(request.encodedNames), list);
      }),
    );
  });
});

describe('parseNames', () => {
  test('takes as many names as a fleet may have and no more', () => {
    const list = Array.from({ length: 100_000 }, (_, index) => `c${index}`);
    assert.equal(parseNames(parseSotwRequest(names(...list)).encodedNames).length, list.length);
    assert.throws(() => parseNames(parseSotwRequest(names(...list, 'one more')).encodedNames), MalformedRequestError);
  });
});
