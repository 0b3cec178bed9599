import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import fastifyMultipart from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SightlineError } from '../../core/errors.js';
import { excerpt } from '../../core/excerpt.js';
import { clientOf } from '../access/caller.js';
import type { Api } from '../api.js';
import { notJson, readBody } from '../json-bodies.js';
import { checkPictureBytes } from './picture.js';
import { withPictureBytes } from './read-json.js';
import { readMultipart } from './read-multipart.js';
import { UploadLimiter, watchProgress } from './upload-limiter.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Fields of the body that hold a picture. The route then accepts multipart/form-data, JSON with base64 or, if there
     * is only one such field, the picture itself as the body. All three reach the body's schema as an object in which
     * these fields are Buffers (`picture` in the schema) and the others text or JSON. Such requests are limited in bytes
     * and in number, and the OpenAPI document describes every form.
     */
    readonly pictures?: readonly string[];
  }
}

/** Limits on what uploads may cost. */
export interface UploadLimits {
  /** Size limit of one picture file. */
  readonly maxBytes: number;
  /** Uploads handled at a time. */
  readonly queueLimit: number;
}

/** Size limit of a body apart from its pictures. */
const restBytes = 64 * 1024;

/**
 * Lets every route with `config.pictures` accept pictures. An upload holds a place from before its body is read until it
 * is answered, however it ends. Uploads beyond `queueLimit`, or beyond one client's share of it, are answered 429 BUSY
 * with Retry-After.
 */
export async function acceptPictures(app: Api, { maxBytes, queueLimit }: UploadLimits): Promise<void> {
  const limiter = new UploadLimiter(queueLimit);
  /** Leaves room for pictures as base64 in JSON. */
  const bodyLimit = (fields: readonly string[]): number =>
    fields.length * 4 * Math.ceil(maxBytes / 3) + restBytes;
  await app.register(fastifyMultipart);
  app.addContentTypeParser(rawPictureType, (request: FastifyRequest, payload: Readable) =>
    readBody(payload, request.routeOptions.bodyLimit),
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
 * Gives each upload that passes `check` a place until its answer is ready. An upload whose body stalls is answered
 * REQUEST_TOO_SLOW. When the client disconnects first, the place is freed at once, unless the handler has started: then
 * it is freed when the handler has finished.
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
      // Answering frees the place; the rest of the body is not awaited.
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

/** The body in the form that the route's schema expects. */
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

/** Content types of a picture that is the whole body, on routes that accept one picture. */
const rawPictureType = /^(image\/|application\/octet-stream)/i;

/**
 * Checks the headers of a request with pictures before its body is read.
 * @param fields the fields in which the route accepts pictures
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
