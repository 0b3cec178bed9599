import { describe, expect, it } from 'vitest';
import { startServer } from './start-server.js';

interface Parameter {
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: Parameter[] }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

async function readDocument(): Promise<{ text: string; document: Document }> {
  const { url } = await startServer();
  const text = await (await fetch(`${url}/api/openapi.json`)).text();
  return { text, document: JSON.parse(text) as Document };
}

describe('the OpenAPI document', () => {
  it('names its components as people would, and all that it speaks of', async () => {
    const { text, document } = await readDocument();
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(expect.arrayContaining(['NewCamera', 'CameraChange', 'SettingsChange', 'Event']));
    expect(names.filter((name) => name.endsWith('Input'))).toEqual([]);
    const spoken = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(spoken)).toEqual(new Set(names));
  });

  it('has no parameter of a query be null, or asks for one that may be left out', async () => {
    const { document } = await readDocument();
    const { parameters = [] } = document.paths['/v1/cameras/{id}/stream.mjpeg']?.['get'] ?? {};
    const schemas = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
    expect(schemas['width']).toEqual({ type: 'integer', minimum: 16, maximum: 7680 });
    const all = Object.values(document.paths).flatMap((path) => Object.values(path));
    const told = all.flatMap((operation) => operation.parameters ?? []);
    expect(told.filter(({ schema }) => JSON.stringify(schema).includes('null'))).toEqual([]);
    expect(parameters.filter(({ required }) => required === true).map(({ name }) => name)).toEqual(['id']);
  });

  it('bounds whole numbers and times by what they are only', async () => {
    const { text, document } = await readDocument();
    expect(text).not.toContain(String(Number.MAX_SAFE_INTEGER));
    expect(document.components.schemas['Problem']).toMatchObject({
      properties: { status: { type: 'integer' } },
    });
    expect(text).toContain('{"type":"string","format":"date-time"}');
  });
});
