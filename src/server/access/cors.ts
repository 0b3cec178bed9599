import fastifyCors from '@fastify/cors';
import type { Api } from '../api.js';

const PREFLIGHT_SECONDS = 600;

/**
 * Lets the pages of these origins use the API with a token in a header. Not with the cookie: it is the page's own.
 * Nothing is registered when there are none.
 */
export async function allowOrigins(app: Api, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(fastifyCors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'x-api-key'],
    exposedHeaders: ['location', 'retry-after', 'x-captured-at', 'x-sequence'],
    maxAge: PREFLIGHT_SECONDS,
    strictPreflight: false,
  });
}
