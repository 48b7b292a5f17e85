// Secrets that nobody told us of, found by how they are written: in dumps of messages, in JSON, YAML and
// configuration files, in Redis's commands, in URLs and headers. Without I/O.

import type { Range, SecretFinder } from './redaction.ts';
import {
  readAclRules,
  readArguments,
  readBase64,
  readPrivateKey,
  readQuoted,
  readUserInfo,
  readValue,
  readWord,
} from './secret-value.ts';
import type { Reader } from './secret-value.ts';

/** What stands before a secret, and how it is read from there. */
interface Spelling {
  /** Its repetitions are bounded, so that no text takes long to search. */
  readonly lead: RegExp;
  readonly read: Reader;
}

// Within a text that was quoted again and again, each quote has backslashes before it.
const quote = String.raw`\\{0,7}["']`;

// White space, also as JSON and RESP write it, with RESP's lengths between words.
const gap = String.raw`(?:\s|\\{1,4}[rnt]|\$\d{1,9}(?=[\s\\])){1,16}`;

// These may be a part of a longer name, as in `redis_password_1`;
const longWord = `(?i:${[
  'inline[_-]?(?:string|bytes)',
  'passw(?:or)?d|passphrase|pwd',
  'credential|secret|token|cookie',
  '(?:private|api|access)[_-]?key',
  'requirepass|(?:master|primary)auth',
].join('|')})`;
// these only with a border, as in `redis_pass` or `authPass`, and not in `bypass` or `author`.
const shortWord = String.raw`(?:(?<![a-zA-Z])(?:[Pp]ass|[Aa]uth)|Pass|(?<![A-Z])(?:PASS|AUTH))(?![a-zA-Z])`;
// What these fields tell of a secret is none.
const harmlessWord = 'names?|configs?|bucket|file|filename|path|provider|type|manager|size|length|count|ttl';
const harmlessEnd = `(?i:s?[_-]?(?:${harmlessWord})(?![a-z]))`;

// Envoy lists what it refused as `cluster(s) NAME: why`: there a name is not a field.
const secretField = String.raw`(?<!\(s\) )(?:${longWord}(?!${harmlessEnd})[a-zA-Z0-9_-]{0,20}|${shortWord})`;
const sign = String.raw`\s{0,4}(?:=>|[:=])\s{0,4}`;
// `"prefix":"token:"` ends with the quote.
const notAsPrefix = String.raw`(?!(?<=[\w-][:=])${quote}(?:[\s,}\])]|$))`;
// `auth_password { specifier: "..." }`, but not the name or the file of a secret.
const nestedField = `(?:${quote})?(?!name|file|path|environment|type_url|@)[A-Za-z_]{1,30}(?:${quote})?`;
const nested = String.raw`\s{0,4}\{\s{0,8}${nestedField}\s{0,4}:?\s{0,4}`;
// In a list of headers.
const keyOfSecret = String.raw`(?:(?i:(?:proxy-)?authorization)|[\w-]{0,40}?${secretField})`;

const spellings: readonly Spelling[] = [
  // name: value, "name": "value", name=value
  spelling(String.raw`${secretField}(?:${quote})?${sign}${notAsPrefix}`, readValue),
  // auth_password { inline_string: "value" }
  spelling(String.raw`${secretField}(?:${quote})?(?:${sign})?${nested}`, readValue),
  // password "value"
  spelling(String.raw`${secretField}(?:${quote})?\s{1,4}(?=${quote}[^\s"'])`, readQuoted),
  // key: "authorization" value: "..."
  spelling(
    String.raw`${quote}${keyOfSecret}${quote}[\s,]{1,8}(?:${quote})?(?:raw_)?[Vv]alue(?:${quote})?${sign}`,
    readValue,
  ),
  // Authorization: Bearer value
  spelling(
    String.raw`(?i:authorization)(?:${quote})?${sign}(?:${quote})?(?:(?i:bearer|basic|digest)\s{1,4})?`,
    readWord,
  ),
  // requirepass value, tls-key-file-pass value
  spelling(String.raw`(?i:requirepass|(?:master|primary)auth|key-file-pass|sentinel-pass)(?:${quote})?${gap}`, readValue),
  // --pass value, redis-cli -a value
  spelling(String.raw`--[a-z-]{0,30}(?:pass(?:word)?|auth|token|secret)[\s=]{1,4}`, readValue),
  spelling(String.raw`(?:redis|valkey)-cli\b[^\n]{0,200}?\s-a\s{0,4}`, readValue),
  // sentinel auth-pass master value
  spelling(String.raw`(?i:auth-pass)${gap}[^\s"'\\]{1,100}${gap}`, readValue),
  // AUTH [user] value, HELLO 3 AUTH user value, MIGRATE ... AUTH2 user value
  spelling(String.raw`(?<=^|[^\w-]|\\[rn])(?:AUTH2?|(?<=(?i:hello)\s{1,4}[23]\s{1,4})auth)(?:${quote})?${gap}`, readArguments),
  spelling(String.raw`(?<![\w.-])[Aa]uth(?:${quote})?${gap}(?=${quote}[^\s"'])`, readArguments),
  // ACL SETUSER name on >value, user name on >value
  spelling(String.raw`(?i:setuser)(?:${quote})?${gap}\S{1,200}`, readAclRules),
  spelling(String.raw`\buser\s{1,4}\S{1,200}(?=\s{1,4}(?:on|off|reset|resetpass|sanitize-payload|[><#!]\S))`, readAclRules),
  // scheme://user:value@host, redis://value@host
  spelling(String.raw`:(?:\\{0,4}/){2}[^\s/@:"']{0,200}:(?=[^\s"']{1,500}@)`, readUserInfo),
  spelling(String.raw`(?i:redis|rediss|valkey|valkeys):(?:\\{0,4}/){2}(?=[^\s/@:"']{1,500}@)`, readUserInfo),
  // What looks like a secret wherever it is: keys in PEM, that in base64, and JSON web tokens.
  spelling(String.raw`(?=-----BEGIN [A-Z ]{0,40}PRIVATE KEY)`, readPrivateKey),
  spelling(String.raw`(?=LS0tLS1CRUdJT|\beyJ[\w-]{10,1000}\.)`, readBase64),
];

/** Finds all of them; over a text that holds none it takes some twenty passes. */
export const findSpelledSecrets: SecretFinder = (text) => spellings.flatMap((each) => findSpelling(text, each));

function spelling(lead: string, read: Reader): Spelling {
  return { lead: new RegExp(lead, 'gu'), read };
}

// What was taken for a secret may be the name of the field that has it: `auth: password: value`.
const maxNameLength = 64;

function findSpelling(text: string, { lead, read }: Spelling): Range[] {
  const found: Range[] = [];
  lead.lastIndex = 0;
  for (let match = lead.exec(text); match !== null; match = lead.exec(text)) {
    const at = lead.lastIndex;
    const ranges = read(text, at);
    for (const range of ranges) found.push(range);
    const end = ranges.at(-1)?.end ?? at;
    if (end - at > maxNameLength) lead.lastIndex = end;
    else if (match[0] === '') lead.lastIndex += 1;
  }
  return found;
}
