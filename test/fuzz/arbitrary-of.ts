// A schema of the model as an arbitrary: values that it takes, of every field that it has. A new field is part of it
// without a word, unless it is text in a form that fields.ts does not know yet.

import fc from 'fast-check';
import type { z } from 'zod';

/** What a schema alone does not tell. */
export interface FieldKnowledge {
  /** Texts of every form that a field may have. */
  readonly texts: readonly string[];
  /** By the name of a field whose texts depend on what is declared besides, or the last names that lead to it. */
  readonly byField: Readonly<Record<string, fc.Arbitrary<string>>>;
  /** Makes what is random in one object fit together. */
  readonly complete: (value: Readonly<Record<string, unknown>>) => object;
}

/** As much as is used of what zod says of a schema. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
}

interface Check {
  readonly check: string;
  readonly value?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

const maxEntries = 3;

// No rule of a form takes it.
const oddText = 'ü ~#1';

/** @param field the names that lead to the value, with dots between. */
export function arbitraryOf(schema: z.ZodType, knowledge: FieldKnowledge, field = ''): fc.Arbitrary<unknown> {
  const definition = definitionOf(schema);
  const of = (inner: z.ZodType | undefined, name = field): fc.Arbitrary<unknown> => {
    if (inner === undefined) throw new Error(`a ${definition.type} has nothing inside`);
    return arbitraryOf(inner, knowledge, name);
  };
  const taken = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
    return values.filter((value) => accepts(schema, value));
  };
  switch (definition.type) {
    case 'boolean':
      return fc.boolean();
    case 'literal':
      return fc.constantFrom(...(definition.values ?? []));
    case 'enum':
      return fc.constantFrom(...Object.values(definition.entries ?? {}));
    case 'number':
      return taken(fc.integer({ min: boundOf(schema, 'minimum', 0), max: boundOf(schema, 'maximum', 2 ** 31) }));
    case 'string':
      return findByField(knowledge, field) ?? anyText(schema, knowledge, field);
    case 'optional':
      return of(definition.innerType);
    case 'union':
      return taken(fc.oneof(...(definition.options ?? []).map((option) => of(option))));
    case 'array': {
      const minLength = boundOf(schema, 'minimum', 0);
      return taken(fc.array(of(definition.element), { minLength, maxLength: Math.max(minLength, maxEntries) }));
    }
    case 'record': {
      const anyKey = of(definition.keyType, '') as fc.Arbitrary<string>;
      return taken(fc.dictionary(anyKey, of(definition.valueType, ''), { maxKeys: maxEntries }));
    }
    case 'object': {
      const shape = Object.entries(definition.shape ?? {});
      const model = Object.fromEntries(shape.map(([name, inner]) => [name, of(inner, `${field}.${name}`)]));
      const required = shape.filter(([, inner]) => definitionOf(inner).type !== 'optional').map(([name]) => name);
      return taken(fc.record(model, { requiredKeys: required, noNullPrototype: true }).map(knowledge.complete));
    }
    default:
      throw new Error(`field ${JSON.stringify(field)}: nothing is known of a schema of type ${definition.type}`);
  }
}

function findByField({ byField }: FieldKnowledge, field: string): fc.Arbitrary<string> | undefined {
  return Object.entries(byField).find(([names]) => field.endsWith(`.${names}`))?.[1];
}

function anyText(schema: z.ZodType, { texts }: FieldKnowledge, field: string): fc.Arbitrary<string> {
  const known = texts.filter((text) => accepts(schema, text));
  const free = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => accepts(schema, text));
  if (known.length === 0) {
    throw new Error(`field ${JSON.stringify(field)}: no known text fits, test/fuzz/fields.ts needs one that does`);
  }
  const listed = fc.constantFrom(...known);
  return accepts(schema, oddText) ? fc.oneof({ weight: 2, arbitrary: listed }, free) : listed;
}

function accepts(schema: z.ZodType, value: unknown): boolean {
  return schema.safeParse(value).success;
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** Of a number, or of the length of a list. Without it random values would hardly ever be within. */
function boundOf(schema: z.ZodType, bound: 'minimum' | 'maximum', otherwise: number): number {
  const checks = (definitionOf(schema).checks ?? []).map((check) => check._zod.def);
  const names = bound === 'minimum' ? ['greater_than', 'min_length'] : ['less_than', 'max_length'];
  const found = checks.find((each) => names.includes(each.check));
  return found?.value ?? found?.[bound] ?? otherwise;
}
