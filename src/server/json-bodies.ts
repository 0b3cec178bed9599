import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { SightlineError } from '../core/errors.js';
import { excerpt } from '../core/excerpt.js';
import type { Api } from './api.js';

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

/** No body of this API goes deeper than six; recursion over what is parsed stays far from the end of the stack. */
const maxDepth = 32;
/** Entries of lists and objects in all. The longest list that a route takes has 1000. */
const maxEntries = 4000;
/** What a body may hold beside its long strings. Larger bodies hold a picture. */
const maxTextBytes = 64 * 1024;
/** In a larger body, a string longer than this can only be a picture in base64. */
const longStringBytes = 8 * 1024;
/** So many bytes take a millisecond or two; between two pieces the main loop has its turn. */
const pieceBytes = 512 * 1024;

/** A string of a JSON body as it came: the bytes between the quotes, with their escapes. */
export class LongString {
  readonly raw: Buffer;

  constructor(raw: Buffer) {
    this.raw = raw;
  }
}

/**
 * Parses a JSON body in slices of a few milliseconds. One pass over the bytes, before anything is built from them, counts
 * what parsing and describing them would cost, and leaves out the long strings of a large body.
 * @param parse parses the rest
 * @returns what was parsed; long strings of its fields, which stand at its top level, are `LongString`s
 * @throws SightlineError REQUEST_INVALID for JSON that is nested too deep or has too many entries, REQUEST_TOO_LARGE for
 * too much text beside the long strings, and what `parse` throws
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

function withLongStrings(value: unknown, longStrings: ReadonlyMap<unknown, LongString>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, longStrings.get(field) ?? (field as unknown)]),
  );
}

/** Counts what stands in JSON without parsing it. What is no JSON is left for the parser to refuse. */
class JsonScan {
  /** By what stands in their place in `rest`. */
  readonly longStrings = new Map<string, LongString>();
  readonly #body: Buffer;
  readonly #longBytes: number;
  readonly #mark = randomUUID();
  readonly #rest: Buffer[] = [];
  #restBytes = 0;
  /** Where the bytes begin that `#rest` does not have yet. */
  #from = 0;
  #at = 0;
  #depth = 0;
  #entries = 0;
  /** Where the string that is being read begins, after its quote. */
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
      `Expected at most ${maxTextBytes} bytes of JSON beside the base64 of pictures but received more.`,
    );
  }

  #enter(levels: number): void {
    this.#depth += levels;
    this.#entries++;
    if (this.#depth > maxDepth) throw tooMuch(`JSON nested at most ${maxDepth} deep`);
    if (this.#entries > maxEntries) throw tooMuch(`JSON with at most ${maxEntries} entries in all`);
  }
}

function tooMuch(expected: string): SightlineError {
  return new SightlineError('REQUEST_INVALID', `Body: expected ${expected} but received more.`);
}
