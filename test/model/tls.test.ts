import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { contentOf } from '../../src/model/canonical.ts';
import { withClusterDefaults, withListenerDefaults } from '../../src/model/defaults.ts';
import { FaultsError } from '../../src/model/faults.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { tlsRefsOf } from '../../src/model/tls-refs.ts';

function faultsOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    return error.faults.map(({ pointer, value, rule }) => `${pointer} ${JSON.stringify(value) ?? 'nothing'}: ${rule}`);
  }
  return [];
}

const [ca, certificate] = [{ secret: 'ca' }, { secret: 'c' }];
const someName = 'must be a host name, an IP address or a URI, as the certificate has it';
const unchecked = 'must be left out where insecure is true: nothing is checked';

describe('TLS of a cluster', () => {
  const cases: readonly (readonly [what: string, tls: unknown, faults: readonly string[]])[] = [
    ['checks the server by a CA and a name', { ca, sni: 'redis.internal', certificate }, []],
    ['may name others than it asks for', { ca, sni: 'redis.internal', sans: ['10.0.0.1', 'spiffe://a/b', 'b'] }, []],
    ['may take every certificate of the CA', { ca, sans: 'any' }, []],
    ['may check nothing, when that is written out', { insecure: true, sni: 'a', certificate }, []],
    ['has a CA', { sni: 'a' }, [
      '/upstream_tls/ca nothing: is required: without it anybody is taken for the server; insecure: true allows that',
    ]],
    ['has a name', { ca }, [
      '/upstream_tls/sans nothing: is required where sni is left out: whom the certificate must be for, or any',
    ]],
    ['has both', {}, [
      '/upstream_tls/ca nothing: is required: without it anybody is taken for the server; insecure: true allows that',
      '/upstream_tls/sans nothing: is required where sni is left out: whom the certificate must be for, or any',
    ]],
    ['has neither where nothing is checked', { insecure: true, ca, sans: ['a'] }, [
      `/upstream_tls/ca {"secret":"ca"}: ${unchecked}`, `/upstream_tls/sans ["a"]: ${unchecked}`,
    ]],
    ['is insecure or not', { ca, sni: 'a', insecure: false }, ['/upstream_tls/insecure false: must be true']],
    ['asks for a host name', { ca, sni: '10.0.0.1' }, [
      '/upstream_tls/sni "10.0.0.1": must be a host name, such as redis.internal',
    ]],
    ['asks for a host name that can be', { ca, sni: `${'a.'.repeat(127)}b` }, [
      `/upstream_tls/sni "${'a.'.repeat(127)}b": must be a host name, such as redis.internal`,
    ]],
    ['names what may stand in a certificate', { ca, sans: ['*.internal', '', 'a'] }, [
      `/upstream_tls/sans/0 "*.internal": ${someName}`, `/upstream_tls/sans/1 "": ${someName}`,
    ]],
    ['names each once', { ca, sans: ['::1', '0:0::1'] }, ['/upstream_tls/sans ["::1","0:0::1"]: must name each once']],
    ['names somebody', { ca, sans: [] }, ['/upstream_tls/sans []: must have at least 1 entry']],
    ['names secrets, and does not hold them', { ca: '-----BEGIN CERTIFICATE-----', sni: 'a' }, [
      '/upstream_tls/ca "-----BEGIN CERTIFICATE-----": must be an object',
    ]],
  ];
  for (const [what, upstream_tls, faults] of cases) {
    test(what, () => {
      const parse = () => parseCluster({ name: 'a', upstream_tls });
      assert.deepEqual(faultsOf(parse).toSorted(), faults.toSorted());
    });
  }

  test('is one text in whatever spelling and order', () => {
    const texts = [
      { ca, sni: 'Redis.Internal', sans: ['B', '0:0::1', 'a'] },
      { sans: ['a', 'b', '::1'], sni: 'redis.internal', ca },
    ].map((upstream_tls) => contentOf(parseCluster({ name: 'a', upstream_tls })));
    assert.equal(texts[0], texts[1]);
    assert.match(texts[0] ?? '', /"sni":"redis\.internal","sans":\["::1","a","b"\]/u);
  });

  for (const [what, upstream_tls, sans] of [
    ['the name that is asked for', { ca, sni: 'a' }, ['a']],
    ['others when told', { ca, sni: 'a', sans: ['b'] }, ['b']],
    ['any', { ca, sans: 'any' }, 'any'],
    ['nobody, where nothing is checked', { insecure: true, sni: 'a' }, undefined],
  ] as const) {
    test(`takes certificates for ${what}`, () => {
      const { upstream_tls: shown } = withClusterDefaults(parseCluster({ name: 'a', upstream_tls }));
      assert.deepEqual((shown as { sans?: unknown }).sans, sans);
    });
  }
});

describe('TLS of a listener', () => {
  const cases: readonly (readonly [what: string, listener: object, faults: readonly string[]])[] = [
    ['needs a certificate alone', { tls: { certificate } }, []],
    ['is for every kind', { kind: 'tcp', address: '0.0.0.0:1', cluster: 'a', tls: { certificate, client_ca: ca } }, []],
    ['may leave it to the clients', { tls: { certificate, client_ca: ca, require_client_certificate: false } }, []],
    ['has a certificate', { tls: {} }, ['/tls/certificate nothing: is required']],
    ['does not require what it can not check', { tls: { certificate, require_client_certificate: true } }, [
      '/tls/client_ca nothing: is required where require_client_certificate is true: without it every certificate would do',
    ]],
  ];
  for (const [what, listener, faults] of cases) {
    test(what, () => assert.deepEqual(faultsOf(() => parseListener({ name: 'l', ...listener })), faults));
  }

  for (const [what, tls, isRequired] of [
    ['of a client when there is a CA for it', { certificate, client_ca: ca }, true],
    ['unless told', { certificate, client_ca: ca, require_client_certificate: false }, false],
    ['of nobody without one', { certificate }, false],
  ] as const) {
    test(`wants a certificate ${what}`, () => {
      const { tls: shown } = withListenerDefaults(parseListener({ name: 'l', tls }));
      assert.equal((shown as { require_client_certificate?: unknown }).require_client_certificate, isRequired);
    });
  }
});

test('what an object names is listed with its place and its kind', () => {
  const cluster = parseCluster({ name: 'a', upstream_tls: { ca, sni: 'a', certificate } });
  const listener = parseListener({ name: 'l', tls: { certificate, client_ca: ca } });
  assert.deepEqual(tlsRefsOf(cluster), [
    { field: 'upstream_tls.ca', secret: 'ca', kind: 'ca' },
    { field: 'upstream_tls.certificate', secret: 'c', kind: 'certificate' },
  ]);
  assert.deepEqual(tlsRefsOf(listener), [
    { field: 'tls.certificate', secret: 'c', kind: 'certificate' },
    { field: 'tls.client_ca', secret: 'ca', kind: 'ca' },
  ]);
  assert.deepEqual(tlsRefsOf(parseCluster({ name: 'a' })), []);
});
