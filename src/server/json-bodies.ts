import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { SightlineError } from '../core/errors.js';
import { excerpt } from '../core/excerpt.js';
import type { Api } from './api.js';

/**
 * Lets routes accept JSON bodies, including an empty body that is declared as JSON, as some clients send with DELETE.
 * Any other body is refused with CONTENT_TYPE_UNSUPPORTED, unless another parser accepts it.
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
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Readable) => {
    const body = await readBody(payload, request.routeOptions.bodyLimit);
    return body.length === 0 ? undefined : parseBoundedJson(body, (text) => parse(request, text));
  });
  app.addContentTypeParser('*', ({ headers }, _payload, done) => done(notJson(headers), undefined));
}

/**
 * Reads a request's body. Joining 28 MB in one go, as fastify does it, takes 100 ms of the main loop on a small machine.
 * @throws SightlineError REQUEST_TOO_LARGE beyond `maxBytes`; what comes after that is not read
 */
export async function readBody(payload: Readable, maxBytes: number): Promise<Buffer> {
  const chunks = await readChunks(payload, maxBytes);
  const body = Buffer.allocUnsafeSlow(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  let pauseAt = joinedBytes;
  for (const chunk of chunks) {
    chunk.copy(body, at);
    at += chunk.length;
    if (at < pauseAt) continue;
    await setImmediate();
    pauseAt = at + joinedBytes;
  }
  return body;
}

function readChunks(payload: Readable, maxBytes: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (settle: () => void): void => {
      payload.off('data', onData).off('end', onEnd).off('error', onClose).off('close', onClose);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        payload.pause();
        const message = `Expected a body of at most ${maxBytes} bytes but received more.`;
        end(() => reject(new SightlineError('REQUEST_TOO_LARGE', message)));
      } else chunks.push(chunk);
    };
    const onEnd = (): void => end(() => resolve(chunks));
    const onClose = (): void =>
      end(() =>
        reject(new SightlineError('REQUEST_INVALID', 'The connection was closed before the body ended.')),
      );
    payload.on('data', onData).on('end', onEnd).on('error', onClose).on('close', onClose);
  });
}

/** The error for a body of another type. */
export function notJson(headers: IncomingHttpHeaders): SightlineError {
  const type = excerpt(headers['content-type'] ?? 'no Content-Type');
  return new SightlineError('CONTENT_TYPE_UNSUPPORTED', `Expected application/json but received ${type}.`);
}

/** No body of this API nests deeper than six; recursion over parsed values stays far from a stack overflow. */
const maxDepth = 32;
/** Entries of all lists and objects together. The longest list that a route accepts has 1000. */
const maxEntries = 4000;
/** Bytes of a body apart from its long strings. A larger body must hold a picture. */
const maxTextBytes = 64 * 1024;
/** In a larger body, a string longer than this can only be a picture in base64. */
const longStringBytes = 8 * 1024;
/** Scanning this many bytes takes a few milliseconds at most; between pieces the main loop can do other work. */
const pieceBytes = 64 * 1024;
/** Copying this many bytes takes a few milliseconds. */
const joinedBytes = 2 ** 20;

/** A string of a JSON body as received: the bytes between the quotes, escapes included. */
export class LongString {
  readonly raw: Buffer;

  constructor(raw: Buffer) {
    this.raw = raw;
  }
}

/**
 * Parses a JSON body in slices of a few milliseconds. One pass over the bytes, before anything is built from them,
 * measures what parsing and describing them would cost, and takes the long strings out of a large body.
 * @param parse parses the text without the long strings
 * @returns the parsed value; long strings in its top-level fields are `LongString`s
 * @throws SightlineError REQUEST_INVALID for JSON that nests too deep or has too many entries, REQUEST_TOO_LARGE for too much
 * text apart from the long strings, and whatever `parse` throws
 */
export async function parseBoundedJson(
  body: Buffer,
  parse: (text: string) => Promise<unknown>,
): Promise<unknown> {
  const scan = new JsonScan(body, body.length > maxTextBytes ? longStringBytes : Infinity);
  for (let end = pieceBytes; ; end += pieceBytes) {
    scan.readTo(Math.min(end, body.length));
    if (end >= body.length) break;
    await setImmediate();
  }
  const value = await parse(scan.rest());
  return scan.longStrings.size === 0 ? value : withLongStrings(value, scan.longStrings);
}

/** @throws SightlineError REQUEST_TOO_LARGE for a long string anywhere but in a field of the body */
function withLongStrings(value: unknown, longStrings: ReadonlyMap<unknown, LongString>): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const fields = Object.entries(isObject ? value : {}).map(
    ([key, field]) => [key, longStrings.get(field) ?? (field as unknown)] as const,
  );
  const placed = fields.filter(([, field]) => field instanceof LongString).length;
  if (placed === longStrings.size) return Object.fromEntries(fields);
  throw new SightlineError(
    'REQUEST_TOO_LARGE',
    `Expected strings of at most ${longStringBytes} bytes except in fields of the body but received a longer one.`,
  );
}

/** Measures JSON without parsing it. Invalid JSON is left for the parser to refuse. */
class JsonScan {
  /** The long strings, by the placeholder that stands for each in `rest`. */
  readonly longStrings = new Map<string, LongString>();
  readonly #body: Buffer;
  readonly #longBytes: number;
  readonly #mark = randomUUID();
  readonly #rest: Buffer[] = [];
  #restBytes = 0;
  /** Start of the bytes that are not in `#rest` yet. */
  #from = 0;
  #at = 0;
  #depth = 0;
  #entries = 0;
  /** Start of the string that is being read, after its quote. */
  #stringAt: number | undefined;
  #isEscaped = false;

  constructor(body: Buffer, longBytes: number) {
    this.#body = body;
    this.#longBytes = longBytes;
  }

  /** @throws SightlineError REQUEST_INVALID, REQUEST_TOO_LARGE */
  readTo(end: number): void {
    for (; this.#at < end; this.#at++) {
      const byte = this.#body[this.#at] as number;
      if (this.#stringAt === undefined) this.#passMark(byte);
      else this.#passString(byte, this.#stringAt);
    }
  }

  /** The text without the long strings. @throws SightlineError REQUEST_TOO_LARGE */
  rest(): string {
    this.#keep(this.#body.subarray(this.#from));
    return Buffer.concat(this.#rest).toString();
  }

  #passMark(byte: number): void {
    switch (byte) {
      case 0x22: // "
        this.#stringAt = this.#at + 1;
        break;
      case 0x2c: // ,
        this.#enter(0);
        break;
      case 0x5b: // [
      case 0x7b: // {
        this.#enter(1);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        this.#depth--;
        break;
    }
  }

  #passString(byte: number, begin: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === 0x5c) this.#isEscaped = true;
    else if (byte === 0x22) {
      if (this.#at - begin > this.#longBytes) this.#leaveOut(begin);
      this.#stringAt = undefined;
    }
  }

  #leaveOut(begin: number): void {
    const name = `${this.#mark} ${this.longStrings.size}`;
    this.longStrings.set(name, new LongString(this.#body.subarray(begin, this.#at)));
    this.#keep(this.#body.subarray(this.#from, begin));
    this.#keep(Buffer.from(name));
    this.#from = this.#at;
  }

  #keep(part: Buffer): void {
    this.#rest.push(part);
    this.#restBytes += part.length;
    if (this.#restBytes <= maxTextBytes) return;
    throw new SightlineError(
      'REQUEST_TOO_LARGE',
      `Expected at most ${maxTextBytes} bytes of JSON apart from the base64 of pictures but received more.`,
    );
  }

  #enter(levels: number): void {
    this.#depth += levels;
    this.#entries++;
    if (this.#depth > maxDepth) throw tooMuch(`JSON nested at most ${maxDepth} levels deep`);
    if (this.#entries > maxEntries) throw tooMuch(`JSON with at most ${maxEntries} entries in total`);
  }
}

function tooMuch(expected: string): SightlineError {
  return new SightlineError('REQUEST_INVALID', `Body: expected ${expected} but received more.`);
}
