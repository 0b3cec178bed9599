import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { SightlineError } from '../core/errors.js';
import { excerpt } from '../core/excerpt.js';
import type { Api } from './api.js';
import { parseBoundedJson } from './bounded-json.js';

/**
 * Has routes take bodies in JSON, and nothing from clients that say they send JSON where they send nothing, as some do
 * with DELETE. Another body is refused with CONTENT_TYPE_UNSUPPORTED, unless something else takes it.
 */
export function takeJsonBodies(app: Api): void {
  const parseText = app.getDefaultJsonParser('error', 'error');
  const parse = (request: FastifyRequest, text: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      void parseText(request, text, (error, value: unknown) => {
        if (error) reject(error);
        else resolve(value);
      });
    });
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) =>
      body.length === 0 ? undefined : parseBoundedJson(body, (text) => parse(request, text)),
  );
  app.addContentTypeParser('*', ({ headers }, _payload, done) => done(notJson(headers), undefined));
}

/** The refusal of a body of another type. */
export function notJson(headers: IncomingHttpHeaders): SightlineError {
  const type = excerpt(headers['content-type'] ?? 'no Content-Type');
  return new SightlineError('CONTENT_TYPE_UNSUPPORTED', `Expected application/json but received ${type}.`);
}
