// Reads what is needed of a request in proto3 JSON. A message decoded from protobuf reads
// the same. What nobody asks for is passed over, whatever it is. Imports nothing.

/** A request that can't be used; `message` is one line that names the field and the rule. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
}

const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu;

/** A message whose fields are asked for by their names in protos/; in JSON they may also stand in lowerCamelCase. */
export class JsonMessage {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /** @param path of the message within the request, for errors. @throws FieldError unless `value` is an object. */
  constructor(value: unknown, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new FieldError(`${path === '' ? 'request' : path}: must be a JSON object`);
    }
    this.#fields = value as Record<string, unknown>;
    this.#path = path;
  }

  /** @throws FieldError when `text` is no JSON object. */
  static parse(text: string): JsonMessage {
    if (text.trim() === '') throw new FieldError('empty body: must be a JSON object');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new FieldError(`malformed JSON: ${(error as Error).message.replace(controlCharacters, ' ')}`);
    }
    return new JsonMessage(value);
  }

  /** Where the message, or a field of it, stands in the request, such as `node.id`; '' for the request itself. */
  pathOf(name?: string): string {
    return [this.#path, name].filter(Boolean).join('.');
  }

  has(name: string): boolean {
    return this.#read(name) !== undefined;
  }

  /** '' when absent. @throws FieldError */
  string(name: string): string {
    return this.#checkString(this.#read(name) ?? '', this.pathOf(name));
  }

  /** False when absent. @throws FieldError */
  bool(name: string): boolean {
    const value = this.#read(name) ?? false;
    if (typeof value !== 'boolean') throw new FieldError(`${this.pathOf(name)}: must be true or false`);
    return value;
  }

  /** 0 when absent; in JSON it may be a number in quotes. @throws FieldError */
  uint32(name: string): number {
    const value = this.#read(name) ?? 0;
    const number = typeof value === 'string' && /^\d{1,10}$/u.test(value) ? Number(value) : value;
    const isOne = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 32;
    if (!isOne) throw new FieldError(`${this.pathOf(name)}: must be a whole number from 0 to ${2 ** 32 - 1}`);
    return number;
  }

  /** Empty when absent. @throws FieldError */
  strings(name: string): string[] {
    return this.#list(name).map((item, index) => this.#checkString(item, `${this.pathOf(name)}[${index}]`));
  }

  /** @throws FieldError */
  message(name: string): JsonMessage | undefined {
    const value = this.#read(name);
    return value === undefined ? undefined : new JsonMessage(value, this.pathOf(name));
  }

  /** Empty when absent. @throws FieldError */
  messages(name: string): JsonMessage[] {
    return this.#list(name).map((item, index) => new JsonMessage(item, `${this.pathOf(name)}[${index}]`));
  }

  // null stands for absent in proto3 JSON.
  #read(name: string): unknown {
    const camelCaseName = name.replaceAll(/_[a-z]/gu, (match) => match.slice(1).toUpperCase());
    return this.#own(name) ?? this.#own(camelCaseName) ?? undefined;
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#read(name) ?? [];
    if (!Array.isArray(value)) throw new FieldError(`${this.pathOf(name)}: must be a list`);
    return value as unknown[];
  }

  #checkString(value: unknown, path: string): string {
    if (typeof value !== 'string') throw new FieldError(`${path}: must be a string`);
    return value;
  }
}
