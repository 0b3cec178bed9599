import type { jsonSchemaTransformObject } from 'fastify-type-provider-zod';

type Document = ReturnType<typeof jsonSchemaTransformObject>;
type Schemas = Readonly<Record<string, unknown>>;

/**
 * The OpenAPI document without what only zod needs: components that no route speaks of (each comes in a form for
 * requests and one for answers), and bounds and patterns that say no more than `integer` and `date-time` do.
 */
export function tidyDocument(document: Document): Document {
  if (!('components' in document)) return document;
  const schemas: Schemas = document.components?.schemas ?? {};
  const used = usedSchemas(document.paths, schemas);
  const names = new Map([...used].map((name) => [name, shortName(name, used)]));
  const kept = Object.fromEntries([...names].map(([name, short]) => [short, schemas[name]]));
  const whole = { ...document, components: { ...document.components, schemas: kept } };
  return JSON.parse(JSON.stringify(whole), (key, value: unknown) => tidy(key, value, names)) as Document;
}

/** Names of the components that routes refer to, themselves or through others. */
function usedSchemas(paths: unknown, schemas: Schemas): Set<string> {
  const used = new Set<string>();
  const waiting = refsIn(paths);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    waiting.push(...refsIn(schemas[name]));
  }
  return used;
}

const refPrefix = '#/components/schemas/';

/** Names of the components that a part of the document refers to. */
function refsIn(part: unknown): string[] {
  const refs = (JSON.stringify(part) ?? '').matchAll(/"#\/components\/schemas\/([^"]+)"/g);
  return [...refs].map(([, name]) => name ?? '');
}

/** The form for requests is called `…Input`, which only says something beside one for answers. */
function shortName(name: string, used: ReadonlySet<string>): string {
  const short = name.replace(/Input$/, '');
  return used.has(short) ? name : short;
}

function tidy(key: string, value: unknown, names: ReadonlyMap<string, string>): unknown {
  const isBound = key === 'minimum' || key === 'maximum';
  if (isBound && typeof value === 'number' && Math.abs(value) === Number.MAX_SAFE_INTEGER) return undefined;
  if (key === '$ref' && typeof value === 'string' && value.startsWith(refPrefix)) {
    const name = value.slice(refPrefix.length);
    return refPrefix + (names.get(name) ?? name);
  }
  if (typeof value !== 'object' || value === null) return value;
  if ('format' in value && value.format === 'date-time') return { ...value, pattern: undefined };
  return value;
}
