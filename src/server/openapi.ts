import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { contentSecurityPolicy } from './access/security-headers.js';
import type { Api } from './api.js';
import { problemContentType } from './problem.js';

/** A problem document, as the OpenAPI document describes it. */
const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('A code of the error catalogue, docs/errors.md.'),
    remedy: z.string(),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457).' });

/** A body other than JSON, for the `response` of a route. */
export function binary(description: string, contentType: string) {
  const schema = z.any().meta({ type: 'string', format: 'binary' });
  return { description, content: { [contentType]: { schema } } };
}

/** An answer without a body, for the `response` of a route. */
export function noBody(description: string) {
  return z.null().describe(description);
}

/** The error answers of routes whose errors are problem documents, for the `response` of a route. */
export const problems = {
  default: { description: 'What went wrong.', content: { [problemContentType]: { schema: problemSchema } } },
} as const;

/** Every tag that routes have. */
const tagDescriptions: Readonly<Record<string, string>> = {
  cameras: 'The cameras, their live pictures, and how they are set up.',
  live: 'WebSockets: pictures and events as they come. docs/protocol.md describes them.',
  events: 'What happened, as far back as it is kept.',
  people: 'Those who have a name.',
  photos: 'The photos that people were enrolled with.',
  gallery: 'Photos that do not fit their person, and people who look alike.',
  'unknown people': 'Those whom cameras saw and nobody has named.',
  faces: 'Faces on pictures that a client sends.',
  settings: 'What can be changed while the program runs.',
  service: 'Health, figures, tickets, and this document.',
  compreface: 'The routes of Exadel CompreFace 1.2. docs/compatibility.md says what is different.',
  frigate: 'The routes of Frigate 0.16 for faces. docs/compatibility.md says what is different.',
};

/** Collects all routes registered after this call in an OpenAPI 3.1 document. */
export async function describeRoutes(app: Api, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sightline',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
        description: 'Face recognition for IP cameras. docs/protocol.md describes events and WebSockets.',
      },
      tags: Object.entries(tagDescriptions).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          basic: { type: 'http', scheme: 'basic', description: 'The token is the password; any user name.' },
          key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'sightline_token' },
        },
      },
    },
    transformObject: (document) => tidyDocument(jsonSchemaTransformObject(document)),
    transform: ({ route, ...document }) => {
      const { schema, url } = jsonSchemaTransform({ ...document, route });
      const role = route.config?.role ?? 'viewer';
      const security = role === 'anybody' ? [] : [{ bearer: [] }, { basic: [] }, { key: [] }, { cookie: [] }];
      const pictures = route.config?.pictures;
      const body = pictures && { body: describePictures(schema.body as object, pictures) };
      const operationId = operationIdOf(String(route.method), url);
      return { url, schema: { operationId, ...schema, ...body, security, 'x-role': role } };
    },
  });
}

/** `GET /v1/cameras/:id/latest.jpg` is `getV1CamerasByIdLatestJpg`. */
function operationIdOf(method: string, url: string): string {
  const words = url.replaceAll(/[:{](\w+)\}?/g, 'by-$1').match(/[A-Za-z0-9]+/g) ?? [];
  const capitals = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method.toLowerCase() + capitals.join('');
}

/** `/api/openapi.json`, and the page that presents it. */
export async function addDocumentRoutes(app: Api): Promise<void> {
  app.get(
    '/api/openapi.json',
    {
      config: { role: 'viewer' },
      schema: { tags: ['service'], summary: 'This document', response: { 200: z.any(), ...problems } },
    },
    () => app.swagger(),
  );
  // Swagger UI uses inline style attributes.
  const staticCSP = contentSecurityPolicy({ 'style-src': "'self' 'unsafe-inline'" });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    staticCSP,
    // The page reads its own copy, which lies one folder deeper; without a server it asks the one that it is from.
    transformSpecification: (document) => ({ ...document, servers: undefined }),
    theme: { title: 'Sightline API' },
  });
}

/** The JSON schema of a body that is an object. */
interface BodySchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

/**
 * The forms that the body of a route with pictures may take, by content type, for the OpenAPI document.
 * @param body JSON schema of the body that all forms result in
 * @param fields the fields that hold pictures
 */
function describePictures(body: BodySchema, fields: readonly string[]) {
  const bytes = { type: 'string', format: 'binary' };
  const text = { type: 'string', contentEncoding: 'base64' };
  const form = (of: BodySchema, picture: object, description: string) => {
    const pictures: Record<string, object> = {};
    for (const field of fields) pictures[field] = { ...picture, description };
    return { schema: { ...of, properties: { ...of.properties, ...pictures } } };
  };
  return {
    content: {
      'multipart/form-data': form(
        withPictures(body, fields),
        bytes,
        'A picture file: JPEG, PNG, WebP, TIFF, GIF, AVIF or HEIC.',
      ),
      'application/json': form(body, text, 'A picture file in base64, or as a data: URL.'),
      ...(fields.length === 1 && { 'image/*': { schema: bytes } }),
    },
  };
}

/** The body without the fields that may replace a picture: they belong to JSON, and a form would send them as well. */
function withPictures(body: BodySchema, fields: readonly string[]): BodySchema {
  const { properties = {}, required = [] } = body;
  const kept = Object.entries(properties).filter(
    ([name, schema]) => required.includes(name) || 'default' in schema,
  );
  return { ...body, properties: Object.fromEntries(kept), required: [...new Set([...required, ...fields])] };
}

type Document = ReturnType<typeof jsonSchemaTransformObject>;
type Schemas = Readonly<Record<string, unknown>>;

/**
 * Removes what only zod needs from the OpenAPI document: components that no route refers to (each has a form for requests
 * and one for answers), and bounds and patterns that add nothing to `integer` and `date-time`. Adds
 * where the server is.
 */
function tidyDocument(document: Document): Document {
  if (!('components' in document)) return document;
  const schemas: Schemas = document.components?.schemas ?? {};
  const used = usedSchemas(document.paths, schemas);
  const names = new Map([...used].map((name) => [name, shortName(name, used)]));
  const kept = Object.fromEntries([...names].map(([name, short]) => [short, schemas[name]]));
  // Seen from the document, so that it also holds behind a proxy that adds a prefix; the plugin takes no such address.
  const servers = [{ url: '..', description: 'The server that this document is from.' }];
  const whole = { ...document, servers, components: { ...document.components, schemas: kept } };
  return JSON.parse(JSON.stringify(whole), (key, value: unknown) => tidy(key, value, names)) as Document;
}

/** Names of the components that routes refer to, directly or through others. */
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

/** The form for requests is called `…Input`; the suffix is dropped where there is no form for answers. */
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
