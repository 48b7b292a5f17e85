import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findUndialable, parseIpAddress } from '../../src/net/ip-address.ts';

const ACCEPTED: readonly (readonly [text: string, canonical: string])[] = [
  ['192.168.0.22', '192.168.0.22'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
  ['2001:DB8::A', '2001:db8::a'],
  ['2001:0db8:0000:0000:0000:0000:0000:000a', '2001:db8::a'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['::FFFF:102:304', '1.2.3.4'],
  ['0:0:0:0:0:ffff:0:0', '0.0.0.0'],
  ['::ffff:0:1.2.3.4', '::ffff:0:102:304'],
  ['::1.2.3.4', '::1.2.3.4'],
];

const REFUSED: readonly (readonly [why: string, text: string])[] = [
  ['nothing', ''],
  ['a host name', 'redis.local'],
  ['an octet above 255', '256.0.0.1'],
  ['three octets', '10.0.0'],
  ['five octets', '10.0.0.0.1'],
  ['a leading zero, which some read as octal', '010.0.0.1'],
  ['a hexadecimal octet', '0x7f.0.0.1'],
  ['white space before', ' 10.0.0.1'],
  ['white space after', '10.0.0.1 '],
  ['a line end', '10.0.0.1\n'],
  ['a NUL', '10.0.0.1\0'],
  ['digits that are not ASCII', '１0.0.0.1'],
  ['an IPv4 address with a port', '10.0.0.1:6379'],
  ['an IPv4 network', '10.0.0.0/8'],
  ['IPv6 in brackets', '[::1]'],
  ['an IPv6 network', '::1/64'],
  ['an IPv6 zone', 'fe80::1%eth0'],
  ['an empty IPv6 zone', 'fe80::1%'],
  ['two gaps', '1::2::3'],
  ['seven groups', '1:2:3:4:5:6:7'],
  ['nine groups', '1:2:3:4:5:6:7:8:9'],
  ['a group of five digits', '12345::'],
  ['a group that is not hexadecimal', 'g::'],
];

describe('parseIpAddress', () => {
  for (const [text, canonical] of ACCEPTED) {
    test(`takes ${text} as ${canonical}`, () => assert.equal(parseIpAddress(text), canonical));
  }

  for (const [why, text] of REFUSED) {
    test(`refuses ${why}`, () => assert.equal(parseIpAddress(text), undefined));
  }

  test('gives every spelling of one IPv6 address the same result, which is itself one of them', () => {
    fc.assert(
      fc.property(ipv6Groups, fc.array(spellingChoices, { minLength: 2, maxLength: 4 }), (groups, choices) => {
        const results = new Set(choices.map((choice) => parseIpAddress(spell(groups, choice))));
        assert.equal(results.size, 1, `spellings of ${groups.join(':')}: ${[...results].join(', ')}`);
        const [canonical = ''] = results;
        assert.equal(parseIpAddress(canonical), canonical);
      }),
      { numRuns: 500 },
    );
  });

  test('keeps different IPv6 addresses apart', () => {
    fc.assert(
      fc.property(ipv6Groups, ipv6Groups, (a, b) => {
        const isSame = a.every((group, index) => group === b[index]);
        assert.equal(parseIpAddress(a.map(toHex).join(':')) === parseIpAddress(b.map(toHex).join(':')), isSame);
      }),
      { numRuns: 500 },
    );
  });
});

const UNDIALABLE: readonly (readonly [kind: string, addresses: readonly string[]])[] = [
  ['a multicast address', ['224.0.0.0', '224.0.0.1', '239.255.255.255', 'ff00::', 'ff02::1', 'ffff:ffff::']],
  ['the broadcast address', ['255.255.255.255']],
  ['an unspecified address', ['0.0.0.0', '::']],
  ['a link-local IPv6 address', ['fe80::', 'fe80::1', 'febf:ffff::1']],
];

const DIALABLE: readonly string[] = [
  ...['0.0.0.1', '10.0.0.1', '127.0.0.1', '169.254.169.254', '192.0.2.255', '223.255.255.255', '240.0.0.1'],
  ...['255.255.255.254', '::1', '::2', '::e000:1', '2001:db8::1', 'fc00::1', 'fe7f::1', 'fec0::1', 'feff::1'],
];

describe('findUndialable', () => {
  for (const [kind, addresses] of UNDIALABLE) {
    for (const address of addresses) {
      test(`calls ${address} ${kind}`, () => assert.equal(findUndialable(address), kind));
    }
  }

  for (const address of DIALABLE) {
    test(`finds nothing in ${address}`, () => assert.equal(findUndialable(address), undefined));
  }
});

/** How to write one address: which run of zeros to leave out, digits per group, case, the last two groups as IPv4. */
interface Spelling {
  readonly gap: number | undefined;
  readonly minDigits: number;
  readonly isUpperCase: boolean;
  readonly endsInIpv4: boolean;
}

const ipv6Groups = fc.array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat({ max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});

const spellingChoices: fc.Arbitrary<Spelling> = fc.record({
  gap: fc.option(fc.nat({ max: 7 }), { nil: undefined }),
  minDigits: fc.integer({ min: 1, max: 4 }),
  isUpperCase: fc.boolean(),
  endsInIpv4: fc.boolean(),
});

function spell(groups: readonly number[], { gap, minDigits, isUpperCase, endsInIpv4 }: Spelling): string {
  const hex = groups.map((group) => toHex(group).padStart(minDigits, '0'));
  const ipv4 = groups.slice(6).flatMap((group) => [group >> 8, group & 255]).join('.');
  const text = writeWithGap(endsInIpv4 ? [...hex.slice(0, 6), ipv4] : hex, gap);
  return isUpperCase ? text.toUpperCase() : text;
}

/** Writes `::` for the run of zeros that starts at `gap`, when there is one. */
function writeWithGap(words: readonly string[], gap: number | undefined): string {
  if (gap === undefined) return words.join(':');
  let end = gap;
  while (/^0+$/.test(words[end] ?? '')) end += 1;
  if (end === gap) return words.join(':');
  return `${words.slice(0, gap).join(':')}::${words.slice(end).join(':')}`;
}

function toHex(group: number): string {
  return group.toString(16);
}
