import { request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { asSightlineError, SightlineError } from '../core/errors.js';
import { JpegSplitter, type JpegPicture } from './jpeg-splitter.js';
import type { Playback } from './next-step.js';
import type { PacketProducer, PacketReceiver } from './packet-source.js';

export interface HttpPicturesOptions {
  /** Where to ask; http:// only. */
  readonly url: string;
  /** The address without credentials, for messages. */
  readonly source: string;
  /** How often a single picture is asked for anew. */
  readonly picturesPerSecond: number;
  /** After this long without a picture the camera counts as stalled. */
  readonly stallTimeoutMs: number;
  /** Called for each picture that cannot be used. */
  readonly onDamaged: () => void;
}

/** What is no picture within so many bytes is left to ffmpeg. */
const mostBeforePicture = 64 << 10;
/** A response that stays open after its picture, without another one, is over after so many intervals. */
const intervalsBeforeNext = 2;
/** Media types that say nothing about the contents, or not the truth; the first bytes decide. */
const vagueTypes =
  /^(?:multipart\/|image\/jpe?g|image\/pjpeg|application\/octet-stream|text\/plain|video\/x-motion-jpeg|video\/x-jpeg|binary\/)/i;

/**
 * Reads a camera that sends JPEG pictures over HTTP: one after another in a response that does not end, as MJPEG cameras
 * do, or one in each response, as snapshot addresses do, which are asked for again and again. Cameras follow the formats
 * loosely: what counts are the pictures in the bytes, not the headers around them. They are unusable when the response
 * holds no JPEG; ffmpeg should then read the address.
 */
export function httpPictures(options: HttpPicturesOptions): PacketProducer {
  return (receiver) => new HttpPictures(options, receiver).play();
}

/** JPEG pictures as a video format, in which each of them stands alone. */
const motionJpeg = {
  fourcc: Buffer.from('MJPG'),
  decodeDelay: 0,
  parameters: new Uint8Array(0),
  pixelAspect: [0, 0],
} as const;

/** What a response held. */
type Response = 'snapshot' | 'stream' | 'no pictures' | SightlineError;

class HttpPictures {
  readonly #options: HttpPicturesOptions;
  readonly #receiver: PacketReceiver;
  readonly #startedAt = performance.now();
  #frames = 0;
  #onlineSince = Infinity;
  #newestAt = this.#startedAt;
  /** Aborted when the camera stalls, or when it is to end. */
  readonly #over = new AbortController();

  constructor(options: HttpPicturesOptions, receiver: PacketReceiver) {
    this.#options = options;
    this.#receiver = receiver;
  }

  async play(): Promise<Playback> {
    const { stallTimeoutMs } = this.#options;
    const { signal } = this.#receiver;
    let stalled = false;
    const stop = (): void => this.#over.abort();
    const watch = setInterval(() => {
      if (performance.now() - this.#newestAt < stallTimeoutMs) return;
      stalled = true;
      stop();
    }, stallTimeoutMs / 10);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const end = await this.#read();
      if (end === 'no pictures') this.#receiver.onUnusable('it holds no JPEG pictures');
      return this.#playback(stalled, end instanceof SightlineError ? end : undefined);
    } finally {
      clearInterval(watch);
      signal.removeEventListener('abort', stop);
    }
  }

  /** @returns why it ended; undefined when it was stopped, or a stream came to its end */
  async #read(): Promise<SightlineError | 'no pictures' | undefined> {
    const { signal } = this.#over;
    let failure: SightlineError | undefined;
    for (;;) {
      const startedAt = performance.now();
      const response = await this.#respond();
      if (signal.aborted) return failure;
      if (response instanceof SightlineError) {
        failure = response;
        // A camera that is busy for a moment answers again.
        if (this.#frames === 0 || !mayPass(failure)) return failure;
      } else if (response === 'snapshot') failure = undefined;
      else if (response === 'stream') return undefined;
      else if (response === 'no pictures') {
        if (this.#frames === 0) return 'no pictures';
        failure = new SightlineError(
          'SOURCE_NOT_VIDEO',
          `Expected a JPEG picture from ${this.#options.source}.`,
        );
      }
      const restMs = startedAt + this.#intervalMs - performance.now();
      await delay(Math.max(0, restMs), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return failure;
    }
  }

  get #intervalMs(): number {
    return 1000 / this.#options.picturesPerSecond;
  }

  async #respond(): Promise<Response> {
    const { url, source } = this.#options;
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    // Not by AbortSignal.any: it keeps a note of every request for as long as the camera plays.
    this.#over.signal.addEventListener('abort', stop, { once: true });
    try {
      const response = await get(url, ending.signal);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 400) {
        response.destroy();
        return statusError(source, statusCode);
      }
      const type = headers['content-type'] ?? '';
      if (type !== '' && !vagueTypes.test(type)) {
        response.destroy();
        return 'no pictures';
      }
      return await this.#take(response, type.startsWith('multipart/'), ending);
    } catch (error) {
      return asSightlineError(error, 'SOURCE_UNREACHABLE');
    } finally {
      this.#over.signal.removeEventListener('abort', stop);
    }
  }

  /** Takes the pictures of one response. */
  async #take(response: IncomingMessage, isMultipart: boolean, ending: AbortController): Promise<Response> {
    let [pictures, byteLength] = [0, 0];
    let over: NodeJS.Timeout | undefined;
    const splitter = new JpegSplitter({
      onPicture: (picture) => {
        pictures += 1;
        this.#tell(picture);
      },
      onDamaged: this.#options.onDamaged,
    });
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        clearTimeout(over);
        if (pictures === 0 && !splitter.isInPicture) {
          byteLength += chunk.length;
          if (byteLength > mostBeforePicture || !isTextBeforePicture(chunk)) break;
        }
        splitter.push(chunk);
        if (pictures === 1 && !isMultipart)
          over = setTimeout(() => ending.abort(), intervalsBeforeNext * this.#intervalMs);
      }
    } catch (error) {
      // A response that was cut off after a picture is a stream that ended.
      if (pictures === 0) throw error;
    } finally {
      clearTimeout(over);
    }
    if (splitter.isInPicture) this.#options.onDamaged();
    if (pictures > 1 || (isMultipart && pictures > 0)) return 'stream';
    if (pictures === 1) return 'snapshot';
    response.destroy();
    const { source } = this.#options;
    if (!splitter.isInPicture) return 'no pictures';
    return new SightlineError('SOURCE_FAILED', `The picture of ${source} was cut off.`);
  }

  #tell({ data, width, height }: JpegPicture): void {
    this.#newestAt = performance.now();
    if (this.#frames++ === 0) this.#onlineSince = this.#newestAt;
    const format = { ...motionJpeg, width, height };
    const presentedAt = this.#newestAt - this.#startedAt;
    this.#receiver.onSize(this.#receiver.onPacket({ presentedAt, isKey: true, data, format }));
  }

  #playback(stalled: boolean, error: SightlineError | undefined): Playback {
    const onlineMs = Math.max(0, performance.now() - this.#onlineSince);
    return { frames: this.#frames, stalled, onlineMs, stderr: [], ...(error && { error }) };
  }
}

/** Whether bytes before any picture may be the headers of one, and not another kind of video. */
function isTextBeforePicture(chunk: Buffer): boolean {
  const start = chunk.indexOf(0xff);
  const text = start === -1 ? chunk : chunk.subarray(0, start);
  return text.every(
    (byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09,
  );
}

function get(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Cameras violate the HTTP grammar.
    const options = { signal, agent: false, insecureHTTPParser: true } as const;
    request(url, options).once('response', resolve).once('error', reject).end();
  });
}

/** Whether a camera that has sent pictures may go on by itself. */
function mayPass({ code }: SightlineError): boolean {
  return code !== 'SOURCE_AUTH_FAILED' && code !== 'SOURCE_NOT_FOUND' && code !== 'SOURCE_FORBIDDEN';
}

function statusError(source: string, status: number): SightlineError {
  const message = (expected: string): string => `Expected ${expected} ${source} but it answered ${status}.`;
  if (status === 401 || status === 403)
    return new SightlineError('SOURCE_AUTH_FAILED', message('to be let in with these credentials by'));
  if (status === 404 || status === 410) return new SightlineError('SOURCE_NOT_FOUND', message('to find'));
  return new SightlineError('SOURCE_FAILED', message('a picture from'));
}
