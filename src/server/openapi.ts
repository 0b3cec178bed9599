import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { contentSecurityPolicy } from './access/security-headers.js';
import type { Api } from './api.js';
import { problemContentType } from './problem.js';
import { tidyDocument } from './tidy-document.js';
import { describePictures } from './uploads/describe-pictures.js';

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

/** A body that is no JSON, in the `response` of a route. */
export function binary(description: string, contentType: string) {
  const schema = z.any().meta({ type: 'string', format: 'binary' });
  return { description, content: { [contentType]: { schema } } };
}

/** An answer without a body, in the `response` of a route. */
export function noBody(description: string) {
  return z.null().describe(description);
}

/** Error answers of routes whose errors are problem documents. */
export const problems = {
  default: { description: 'What went wrong.', content: { [problemContentType]: { schema: problemSchema } } },
} as const;

/** Collects the routes that come after it in an OpenAPI 3.1 document. */
export async function describeRoutes(app: Api, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sightline',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
        description: 'Face recognition for IP cameras. docs/protocol.md tells of events and WebSockets.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'sightline_token' },
        },
      },
    },
    transformObject: (document) => tidyDocument(jsonSchemaTransformObject(document)),
    transform: ({ route, ...document }) => {
      const { schema, url } = jsonSchemaTransform({ ...document, route });
      const role = route.config?.role ?? 'viewer';
      const security = role === 'anybody' ? [] : [{ bearer: [] }, { key: [] }, { cookie: [] }];
      const pictures = route.config?.pictures;
      const body = pictures && { body: describePictures(schema.body as object, pictures) };
      return { url, schema: { ...schema, ...body, security, 'x-role': role } };
    },
  });
}

/** `/api/openapi.json`, and the page that shows it. */
export async function addDocumentRoutes(app: Api): Promise<void> {
  app.get(
    '/api/openapi.json',
    {
      config: { role: 'viewer' },
      schema: { tags: ['service'], summary: 'This document', response: { 200: z.any(), ...problems } },
    },
    () => app.swagger(),
  );
  // Swagger UI sets styles as attributes.
  const staticCSP = contentSecurityPolicy({ 'style-src': "'self' 'unsafe-inline'" });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    staticCSP,
    theme: { title: 'Sightline API' },
  });
}
