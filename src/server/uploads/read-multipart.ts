import type { IncomingMessage } from 'node:http';
import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { SightlineError } from '../../core/errors.js';
import { excerpt, quote } from '../../core/excerpt.js';

/** Maximum number of text fields beside the pictures. */
const maxTexts = 20;
const maxTextBytes = 16 * 1024;
/** Reading what is already in memory takes far less. */
const stallMs = 1500;

/**
 * Reads multipart/form-data: pictures as bytes, other fields as text. The field decides whether a part is a picture,
 * not its file name or content type.
 * @throws SightlineError REQUEST_INVALID, IMAGE_TOO_LARGE, REQUEST_TOO_LARGE; the rest of the body is then discarded
 */
export async function readMultipart(
  request: FastifyRequest,
  fields: readonly string[],
  maxBytes: number,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await unlessStalled(readParts(request, fields, maxBytes), request.raw);
  } catch (error) {
    request.raw.unpipe();
    request.raw.resume();
    throw explained(error, fields, maxBytes);
  }
}

async function readParts(
  request: FastifyRequest,
  fields: readonly string[],
  maxBytes: number,
): Promise<Readonly<Record<string, unknown>>> {
  const body = new Map<string, Buffer | string>();
  for await (const part of request.parts(optionsFor(fields, maxBytes))) {
    const { fieldname } = part;
    if (body.has(fieldname)) throw invalid(`${excerpt(fieldname)} once`, 'it again');
    if (part.type === 'file') body.set(fieldname, await readPicture(part, fields));
    else if (part.valueTruncated)
      throw tooLarge(`at most ${maxTextBytes} bytes of text in ${excerpt(fieldname)}`, 'more');
    else body.set(fieldname, textOf(part));
  }
  return Object.fromEntries(body);
}

/**
 * Resolves like `reading`. At some malformed bodies, such as a large part without a name, the parser stops for good, so
 * this rejects when it has not finished some time after all bytes arrived. (Until then the server's own limit applies.)
 */
async function unlessStalled<T>(reading: Promise<T>, request: IncomingMessage): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let checks = 0;
  const stalled = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      if (request.complete && ++checks > 1) reject(new Error('a part has no name or no end'));
    }, stallMs);
  });
  try {
    return await Promise.race([reading, stalled]);
  } finally {
    clearInterval(timer);
  }
}

/** The parser has already parsed a part that is declared as JSON. */
function textOf({ fieldname, value }: MultipartValue): string {
  if (typeof value !== 'object' || value === null) return String(value);
  throw invalid(`text in ${excerpt(fieldname)}`, 'a list or an object');
}

function optionsFor(fields: readonly string[], maxBytes: number) {
  const limits = {
    files: fields.length,
    fileSize: maxBytes,
    fields: maxTexts,
    fieldSize: maxTextBytes,
    parts: fields.length + maxTexts,
    headerPairs: 20,
  };
  const isPartAFile = (field?: string, _contentType?: string, fileName?: string): boolean =>
    fileName !== undefined || fields.includes(field ?? '');
  return { limits, isPartAFile };
}

async function readPicture(part: MultipartFile, fields: readonly string[]): Promise<Buffer> {
  if (fields.includes(part.fieldname)) return part.toBuffer();
  throw invalid(`a picture in ${fields.join(', ')}`, `a file in ${quote(part.fieldname)}`);
}

/** Turns an error of the parser into one of the catalogue. */
function explained(error: unknown, fields: readonly string[], maxBytes: number): SightlineError {
  if (error instanceof SightlineError) return error;
  const { code, message } = error as Error & { readonly code?: string };
  if (code === 'FST_REQ_FILE_TOO_LARGE')
    return new SightlineError(
      'IMAGE_TOO_LARGE',
      `Expected a picture of at most ${maxBytes} bytes but received more.`,
    );
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FILES_LIMIT' || code === 'FST_FIELDS_LIMIT')
    return tooLarge(`at most ${fields.length} files and ${maxTexts} fields of text`, 'more');
  return invalid('valid multipart/form-data', `some that cannot be read (${message})`);
}

function invalid(expected: string, received: string): SightlineError {
  return new SightlineError('REQUEST_INVALID', `Body: expected ${expected} but received ${received}.`);
}

function tooLarge(expected: string, received: string): SightlineError {
  return new SightlineError('REQUEST_TOO_LARGE', `Expected ${expected} but received ${received}.`);
}
