// A file that says all that is declared: text to typed objects, or all the faults that it has, each in its place.

import { FaultsError } from '../model/faults.ts';
import type { ConfigEntries } from '../model/objects.ts';
import { parseConfig } from '../model/parse.ts';
import { checkShape } from './check-shape.ts';
import { parseJsonText } from './json-text.ts';
import type { Place, PlacedFault } from './place.ts';
import { parseYamlText } from './yaml-text.ts';

export type ConfigFormat = 'json' | 'yaml';

type PlaceOf = (pointer: string) => Partial<Place>;

// JSON is read once more for its places, at a hundredth of the speed.
const maxPlacedJson = 1_048_576;

/**
 * @throws MalformedTextError when it can't be read, FaultsError when it breaks rules: of both the faults are
 * {@link PlacedFault}s
 */
export function parseConfigText(text: string, format: ConfigFormat): ConfigEntries {
  if (format === 'yaml') {
    const { value, placeOf } = parseYamlText(text);
    return checkConfig(value, () => placeOf);
  }
  return checkConfig(parseJsonText(text), () => findPlacesInJson(text));
}

/** @param findPlaces asked only when there are faults. */
function checkConfig(value: unknown, findPlaces: () => PlaceOf): ConfigEntries {
  try {
    checkShapes(value);
    return parseConfig(value);
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    const placeOf = findPlaces();
    throw new FaultsError(error.faults.map((fault): PlacedFault => ({ ...fault, ...placeOf(fault.pointer) })));
  }
}

/** Of each object in the lists, and of what is no list of objects. */
function checkShapes(config: unknown): void {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    checkShape(config);
    return;
  }
  const { clusters, listeners, secrets, ...others } = config as Record<string, unknown>;
  checkShape(others);
  for (const [list, objects] of Object.entries({ clusters, listeners, secrets })) {
    if (!Array.isArray(objects)) checkShape(objects, [list]);
    else for (const [index, object] of objects.entries()) checkShape(object, [list, index]);
  }
}

// Nearly all JSON is YAML.
function findPlacesInJson(text: string): PlaceOf {
  const nowhere: PlaceOf = () => ({});
  if (text.length > maxPlacedJson) return nowhere;
  try {
    return parseYamlText(text).placeOf;
  } catch {
    return nowhere;
  }
}
