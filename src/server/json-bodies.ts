import type { IncomingHttpHeaders } from 'node:http';
import { SightlineError } from '../core/errors.js';
import type { Api } from './api.js';

/**
 * Has routes take bodies in JSON, and nothing from clients that say they send JSON where they send nothing, as some do
 * with DELETE. Another body is refused with CONTENT_TYPE_UNSUPPORTED, unless something else takes it.
 */
export function takeJsonBodies(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
  app.addContentTypeParser('*', ({ headers }, _payload, done) => done(notJson(headers), undefined));
}

/** The refusal of a body of another type. */
export function notJson(headers: IncomingHttpHeaders): SightlineError {
  const type = headers['content-type'] ?? 'no Content-Type';
  return new SightlineError('CONTENT_TYPE_UNSUPPORTED', `Expected application/json but received ${type}.`);
}
