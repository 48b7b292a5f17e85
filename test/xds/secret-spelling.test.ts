import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { redact } from '../../src/xds/redaction.ts';
import { findSpelledSecrets } from '../../src/xds/secret-spelling.ts';

const show = (text: string): string => redact(text, [findSpelledSecrets]);

// Of each the part in braces is a secret: `«p4ss»`.
const SPELLINGS: readonly string[] = [
  // Dumps of messages.
  'inline_string: «"p4ss"» end',
  "inline_string: «'p4 ss'» end",
  'inline_string:«"p4ss"»}',
  'inline_string : «"p4\\"ss"» end',
  'inline_string: «"p4ss\\\\"» name: "kept"',
  'inline_string: «\\"p4ss\\"» end',
  'inline_string: «\\"p4\\\\\\"ss\\"» name: \\"kept\\"',
  'inline_string: «\\\\\\"p4ss\\\\\\"» end',
  'inline_bytes: «"p4\\001ss"» end',
  'bad: inline_string: «"p4ss»',
  'inline_string: «p4ss», port: 1',
  'auth_password { inline_string: «"p4ss"» }',
  'auth_password {\n  specifier: «"p4ss"»\n}',
  'private_key { inline_bytes: «"MIIE"» }',
  'session_ticket_keys { keys { inline_bytes: «"MIIE"» } }',
  'initial_metadata { key: "authorization" value: «"Bearer abc.def"» }',
  'header { key: "x-api-key" raw_value: «"p4ss"» }',
  // JSON, also quoted again.
  '{"inline_string":«"p4ss"»,"name":"kept"}',
  '{"inlineString":«"p4ss"»,"name":"kept"}',
  '{"inlineString" : «"p4\\"ss"»}',
  'text: "{\\"inlineString\\":«\\"p4ss\\"»,\\"name\\":\\"kept\\"}"',
  'text: "{\\"inlineString\\":«\\"p4ss»" end',
  '{"inlineBytes":«"cDRzcw=="»}',
  '{\\"inlineBytes\\":«\\"cDRzcw==\\"»}',
  '{"downstreamAuthPassword":{"inlineString":«"p4ss"»},"statPrefix":"kept"}',
  '{"password":{"value":«"p4ss"»}}',
  '{"authPass":«"p4ss"»,"port":1}',
  '{"auth":«"dXNlcjpwNHNz"»}',
  '{"password":«12345»,"name":"kept"}',
  '{"passwords":«["a","b"]»,"name":"kept"}',
  // Configuration files, environments, command lines.
  'inlineString: «p4ss»',
  'inlineBytes: «cDRzcw==»\nname: kept',
  'auth_password:\n  «inline_string»: «p4ss»\n',
  'password: «p4ss»',
  'password = «p4ss»;',
  'PASSWORD=«p4ss»',
  "password=«'p4 ss'»",
  'password «"p4 ss"» is wrong',
  'passwd: «p4ss», user: kept',
  'pwd=«p4ss» host=kept',
  'pass=«p4ss»',
  'redis_pass: «p4ss»',
  'Pass => «p4ss»',
  'passphrase: «"a b c"»',
  'REDIS_PASSWORD_1=«p4ss»',
  'REDISCLI_AUTH=«p4ss»',
  'api-key: «p4ss»',
  'client_secret=«p4ss»',
  'access_token=«p4ss&kept»',
  'credentials: «p4ss»',
  'redis-cli -h kept -a «p4ss» ping',
  'valkey-cli --pass «p4ss» ping',
  'redis-server --requirepass «p4ss»',
  'requirepass «p4ss»',
  'requirepass «"p4 ss"»',
  '\\"requirepass\\" «\\"p4ss\\"»',
  'CONFIG SET requirepass «p4ss»',
  'masterauth «p4ss» end',
  'primaryauth «p4ss»',
  'tls-key-file-pass «p4ss»',
  'sentinel auth-pass kept «p4ss»',
  // Commands.
  'AUTH «p4ss»',
  'AUTH «user p4ss»',
  'AUTH «"p4 ss"»',
  '"AUTH" «"p4ss"»',
  'auth «"p4ss"»',
  'HELLO 3 AUTH «user p4ss» SETNAME kept',
  'hello 3 auth «user p4ss»',
  '*2\r\n$4\r\nAUTH\r\n$4\r\n«p4ss»\r\n',
  '*3\\r\\n$4\\r\\nAUTH\\r\\n$4\\r\\n«user\\r\\n$4\\r\\np4ss»\\r\\n',
  'MIGRATE kept 6379 "" 0 5000 AUTH2 «user p4ss» KEYS kept',
  'ACL SETUSER kept on «>p4ss» ~* +@all',
  'ACL SETUSER kept on «>p4ss» «>p5ss» «<p6ss» «#0a1b» ~*',
  '"ACL" "SETUSER" "kept" "on" "«>p4ss»" "~*"',
  'user kept on «>p4ss» ~* &* +@all',
  // URLs and headers.
  'redis://user:«p4ss»@kept:6379 refused',
  'rediss://:«p4ss»@kept:6379/0',
  'redis://«p4ss»@kept:6379',
  'redis://user:«p4/s@s»@kept:6379',
  'redis:\\/\\/user:«p4ss»@kept:6379',
  'https://user:«p4%20ss»@kept/path',
  'redis://kept:6379?password=«p4ss»',
  'Authorization: Bearer «abc.def», x',
  'authorization=Basic «dXNlcjpwNHNz»',
  '\\"Authorization\\": \\"Bearer «abc.def»\\"',
  'Set-Cookie: «sid=abc»; Path=/',
  // By their looks.
  'jwt «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln» end',
  '«-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----» end',
  '«-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----»\\n',
  'cut «-----BEGIN EC PRIVATE KEY-----\nMIIE',
  'b64 «LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t» end',
];

// Names of resources above all, and the reason that Envoy gives.
const HARMLESS: readonly string[] = [
  'Error adding/updating cluster(s) token: no such thing, secret-store: it is bad',
  'Error adding/updating listener(s) redis_listener: cluster "password" not found',
  'unknown cluster \'auth-service\'',
  'no such field: "secret"\nname: "kept"',
  '{"name":"secret","prefix":"token:","cluster":"password-cache"}',
  "prefix: 'user:token:' is taken, prefix: \"auth:\"",
  'name: "pass" cluster: "auth" prefix: "pwd"',
  'tls_certificate_sds_secret_configs { name: "server_cert" }',
  '{"secretName":"server_cert","privateKeyProvider":{"providerName":"qat"}}',
  'auth_password { filename: "/run/secrets/redis" }',
  '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
  'a password is required',
  'password: must not be empty',
  'AUTH failed: WRONGPASS invalid username-password pair or user is disabled.',
  'NOAUTH Authentication required.',
  'bypass: yes, author: "x", passive: 1',
  'tcp://10.0.0.1:6379 refused',
  'type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy: bad',
  'value must be > 0 and <10',
];

describe('a secret is not shown that is spelled', () => {
  for (const text of SPELLINGS) {
    test(text.replaceAll(/[«»]/gu, ''), () => {
      const told = text.replaceAll(/«[^»]*»?/gu, '[redacted]');
      assert.equal(show(text.replaceAll(/[«»]/gu, '')), told);
    });
  }
});

describe('what holds no secret stays', () => {
  for (const text of HARMLESS) test(text, () => assert.equal(show(text), text));
});

// Quadratic time would be hours.
describe('a text of 1 MiB is searched to its end', () => {
  const length = 1_048_576;
  const repeated = [
    'pass=', 'password: ', 'password "', "pwd'", 'inline_string: \\"', '\\', '\\"', 'secret-', 'a', ' ', '\n', 'AUTH ', 'auth "a" ',
    'HELLO 3 ', 'SETUSER a ', 'user a ', '>a ', '://a:', 'redis://', 'a@', 'redis-cli ', 'eyJ', 'LS0tLS1CRUdJT', '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----', '$1\r\n', '\\r\\n', 'authorization: ', '"authorization" ', 'auth-pass a ', '--pass ', '{"auth":', '[',
    'password {', 'authpassword', '=', 'passwordpassword="\\',
  ];
  for (const part of repeated) {
    test(JSON.stringify(part), () => {
      const text = `${part.repeat(length / part.length)}\nAUTH "p4ss`;
      const told = show(text);
      assert.ok(!told.includes('p4ss'));
      // What is put in place of a secret may be longer than it.
      assert.ok(told.length <= text.length * 6);
    });
  }
});

test('finders of other secrets go with it: what is found twice or in part is replaced once', () => {
  const find = (text: string) => [{ start: text.indexOf('s-4'), end: text.length - 4 }];
  assert.equal(redact('user pas-4-x, pass=pas-4-y end', [find, findSpelledSecrets]), 'user pa[redacted] end');
});
