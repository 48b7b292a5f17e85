// Bodies of PUT: the path says which object it is, and the body need not say it again.

import { FaultsError } from '../../model/faults.ts';
import type { Fault } from '../../model/faults.ts';

/**
 * What `parse` makes of the body with `fields` of the path in it.
 * @throws FaultsError with all that `parse` says, and that the body has such a field of its own that differs
 */
export function parseNamed<T>(
  body: unknown,
  fields: Readonly<Record<string, unknown>>,
  parse: (value: unknown) => T,
  isSame: (ofBody: unknown, ofPath: unknown) => boolean = Object.is,
): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return parse(body);
  const faults = Object.entries(fields).flatMap(([field, ofPath]): Fault[] => {
    const ofBody = Reflect.get(body, field) as unknown;
    if (ofBody === undefined || isSame(ofBody, ofPath)) return [];
    const rule = `must be ${JSON.stringify(ofPath)} as in the path, or left out`;
    return [{ pointer: `/${field}`, value: ofBody, rule }];
  });
  try {
    const parsed = parse({ ...body, ...fields });
    if (faults.length === 0) return parsed;
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    throw new FaultsError([...faults, ...error.faults]);
  }
  throw new FaultsError(faults);
}
