import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { startServer } from './start-server.js';

interface Parameter {
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: Parameter[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
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

  it('gives every operation a name of its own and a tag that it explains', async () => {
    const { document } = await readDocument();
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids).toContain('getV1CamerasByIdLatestJpg');
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    const explained = document.tags.map(({ name }) => name);
    expect(new Set(operations.flatMap(({ tags }) => tags))).toEqual(new Set(explained));
  });

  it('says where its server is, seen from the document', async () => {
    const { document } = await readDocument();
    const [server] = document.servers;
    const behindProxy = new URL(server!.url, 'https://home.example/faces/api/openapi.json');
    expect(behindProxy.href).toBe('https://home.example/faces/');
  });

  it('has no default that its own schema refuses', async () => {
    const { document } = await readDocument();
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const refused: unknown[] = [];
    let count = 0;
    JSON.stringify(document, (_key, value: unknown) => {
      if (typeof value !== 'object' || value === null || !('default' in value) || 'responses' in value)
        return value;
      const { default: byDefault, ...schema } = value;
      // The answers of a route have a key of that name, too.
      if (!('type' in schema || 'enum' in schema || 'anyOf' in schema)) return value;
      count += 1;
      if (!ajv.validate(schema, byDefault)) refused.push(value);
      return value;
    });
    expect(count).toBeGreaterThan(20);
    expect(refused).toEqual([]);
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
