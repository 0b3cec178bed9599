/** Replaces an erased name. */
const erased = '(erased)';

/**
 * Copies an event's data without a person: objects with their id become null or are left out of lists, and the names
 * found beside the id are replaced in all text.
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

/** Replaces names only in sentences and where a name is the whole text: a person called "2" must not spoil dates. */
function withoutNames(text: string, names: readonly string[]): string {
  if (names.includes(text)) return erased;
  return text.includes(' ') ? names.reduce((rest, name) => rest.replaceAll(name, erased), text) : text;
}

function isPerson(value: unknown, personId: string): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && value.id === personId;
}
