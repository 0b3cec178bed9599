/** What stands for a name that was erased. */
const erased = '(erased)';

/**
 * A copy of an event's data that does not tell of a person any more: what has their id becomes null, or is left out of
 * a list, and the names that stood with the id go from all text.
 *
 * @param data plain JSON
 */
export function withoutPerson(data: unknown, personId: string): unknown {
  const names = new Set<string>();
  collectNames(data, personId, names);
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  return scrubbed(data, personId, longestFirst);
}

function collectNames(value: unknown, personId: string, names: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isPerson(value, personId) && 'name' in value && typeof value.name === 'string') names.add(value.name);
  for (const part of Object.values(value)) collectNames(part, personId, names);
}

function scrubbed(value: unknown, personId: string, names: readonly string[]): unknown {
  if (typeof value === 'string') return withoutNames(value, names);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.filter((part) => !isPerson(part, personId)).map((part) => scrubbed(part, personId, names));
  }
  if (isPerson(value, personId)) return null;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, scrubbed(part, personId, names)]),
  );
}

/** Only in sentences and where the name stands alone: a person called "2" must not spoil dates. */
function withoutNames(text: string, names: readonly string[]): string {
  if (names.includes(text)) return erased;
  return text.includes(' ') ? names.reduce((rest, name) => rest.replaceAll(name, erased), text) : text;
}

function isPerson(value: unknown, personId: string): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && value.id === personId;
}
