import type { IncomingHttpHeaders } from 'node:http';
import fastifyMultipart from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SightlineError } from '../../core/errors.js';
import { excerpt } from '../../core/excerpt.js';
import { clientOf } from '../access/caller.js';
import type { Api } from '../api.js';
import { notJson } from '../json-bodies.js';
import { checkPictureBytes } from './picture.js';
import { withPictureBytes } from './read-json.js';
import { readMultipart } from './read-multipart.js';
import { UploadLimiter, watchProgress } from './upload-limiter.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Fields of the body that hold a picture. The route then takes multipart/form-data, JSON with base64 or, with one
     * such field, the picture itself as the body; all three reach the body's schema as one object in which these fields
     * are Buffers (`picture` in the schema) and the others text or JSON. Such requests are bounded in bytes and in
     * number, and the OpenAPI document tells of every form.
     */
    readonly pictures?: readonly string[];
  }
}

/** What uploads may cost. */
export interface UploadLimits {
  /** Of one picture file. */
  readonly maxBytes: number;
  /** Uploads in hand at a time. */
  readonly queueLimit: number;
}

/** Of a body, beside its pictures. */
const restBytes = 64 * 1024;

/**
 * Has every route with `config.pictures` take pictures. An upload has its place from before its body is read until it
 * is answered, however it ends; beyond `queueLimit` uploads, and beyond a share of it those of one client, are answered
 * 429 BUSY with Retry-After.
 */
export async function acceptPictures(app: Api, { maxBytes, queueLimit }: UploadLimits): Promise<void> {
  const limiter = new UploadLimiter(queueLimit);
  /** Has room for the base64 of JSON. */
  const bodyLimit = (fields: readonly string[]): number =>
    fields.length * 4 * Math.ceil(maxBytes / 3) + restBytes;
  await app.register(fastifyMultipart);
  app.addContentTypeParser<Buffer>(rawPictureType, { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addHook('onRoute', (route) => {
    if (route.config?.pictures !== undefined) route.bodyLimit = bodyLimit(route.config.pictures);
  });
  letIn(app, limiter, (request, fields) => checkHead(request.headers, fields, bodyLimit(fields)));
  app.addHook('preValidation', async (request) => {
    const { pictures } = request.routeOptions.config;
    if (pictures !== undefined) request.body = await normalised(request, pictures, maxBytes);
    else if (request.isMultipart()) throw notJson(request.headers);
  });
}

/**
 * Gives each upload that `check` lets pass a place, until the answer is ready. One whose body stops coming is answered
 * REQUEST_TOO_SLOW. When the client goes away first, the place is free at once, unless the handler has begun: then it is
 * once that has ended.
 */
function letIn(
  app: Api,
  limiter: UploadLimiter,
  check: (request: FastifyRequest, fields: readonly string[]) => void,
): void {
  const places = new WeakMap<FastifyRequest, { readonly leave: () => void; working: boolean }>();
  const enter = (request: FastifyRequest, reply: FastifyReply): void => {
    const { pictures } = request.routeOptions.config;
    if (pictures === undefined) return;
    check(request, pictures);
    const place = { leave: limiter.enter(clientOf(request.caller, request.ip)), working: false };
    places.set(request, place);
    const unwatch = watchProgress(request.raw, (error) => {
      // With the answer the place is free; the rest of the body is not waited for.
      void reply.header('connection', 'close').send(error);
    });
    reply.raw.once('close', () => {
      unwatch();
      if (!place.working) place.leave();
    });
  };
  app.addHook('preParsing', (request, reply, _payload, done) => {
    try {
      enter(request, reply);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('preHandler', (request, _reply, done) => {
    const place = places.get(request);
    if (place) place.working = true;
    done();
  });
  app.addHook('onSend', (request, _reply, _payload, done) => {
    places.get(request)?.leave();
    done();
  });
}

/** The body as the route's schema knows it. */
async function normalised(
  request: FastifyRequest,
  fields: readonly string[],
  maxBytes: number,
): Promise<unknown> {
  const { body } = request;
  if (request.isMultipart()) return readMultipart(request, fields, maxBytes);
  if (!Buffer.isBuffer(body)) return withPictureBytes(body, fields, maxBytes);
  const [field] = fields as [string];
  checkPictureBytes(field, body.length, maxBytes);
  return { [field]: body };
}

/** A picture as it is, as the whole body of a route that takes one picture. */
const rawPictureType = /^(image\/|application\/octet-stream)/i;

/**
 * Looks at the headers of a request with pictures before its body is read.
 * @param fields of the pictures that the route takes
 * @throws SightlineError CONTENT_TYPE_UNSUPPORTED, REQUEST_INVALID, REQUEST_TOO_LARGE
 */
function checkHead(headers: IncomingHttpHeaders, fields: readonly string[], bodyLimit: number): void {
  checkContentType(headers['content-type'] ?? '', fields);
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes <= bodyLimit) return;
  throw new SightlineError(
    'REQUEST_TOO_LARGE',
    `Expected a body of at most ${bodyLimit} bytes but received one of ${bytes}.`,
  );
}

function checkContentType(type: string, fields: readonly string[]): void {
  if (/^multipart\/form-data/i.test(type)) {
    if (/;\s*boundary=/i.test(type)) return;
    throw new SightlineError(
      'REQUEST_INVALID',
      'Expected a boundary in the header Content-Type: multipart/form-data but received none, so the parts cannot be told apart; let the HTTP client set that header.',
    );
  }
  const raw = fields.length === 1;
  if (/^application\/json\s*(;|$)/i.test(type) || (raw && rawPictureType.test(type))) return;
  throw new SightlineError(
    'CONTENT_TYPE_UNSUPPORTED',
    `Expected multipart/form-data with ${fields.join(' and ')} as files, ` +
      `${raw ? 'image/* with the picture alone, ' : ''}or application/json with base64, ` +
      `but received ${type === '' ? 'no Content-Type' : excerpt(type)}.`,
  );
}
