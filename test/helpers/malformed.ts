import sharp from 'sharp';
import { seededRandom, type Random } from '../../src/training/random.js';
import { nastyJson } from './nasty-texts.js';

/** A request as it goes over the wire; `path` begins with a slash. */
export interface MalformedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

const nastyTexts = [
  '',
  ' ',
  '%',
  '%00',
  '%ff',
  '..%2f..%2fetc%2fpasswd',
  "' OR 1=1 --",
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '-1',
  '1e309',
  '99999999999999999999',
  '0x10',
  'é\u0301',
  '\u202Eevil',
  '\u{1F9D1}',
  'x'.repeat(5000),
  '01KBP3V4Z8T6K9Q2M5W7X1Y3RA',
  '00000000-0000-0000-0000-000000000000',
  '[]',
  '{}',
  '2026-11-22',
  '2026-13-45T99:99:99Z',
];

const nastyValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  'x',
  'x'.repeat(3000),
  '\u0000',
  'file:///etc/passwd',
  'concat:/etc/passwd|/etc/hosts',
  'data:image/png;base64,AAAA',
  'AAAA',
  '%%%%',
  [],
  [[[[[[]]]]]],
  {},
  { $ref: '#' },
  { __proto__: null, constructor: { prototype: { polluted: true } } },
  ['a', 1, null],
];

/** Names that mean something somewhere in the API. */
const names = [
  ...[
    'file',
    'first',
    'second',
    'source_image',
    'target_image',
    'subject',
    'name',
    'url',
    'id',
    'ids',
    'from',
  ],
  ...['event', 'unknown', 'limit', 'page', 'size', 'cursor', 'since', 'until', 'camera', 'type', 'person'],
  ...['order', 'threshold', 'falseNameRate', 'width', 'fps', 'overlay', 'det_prob_threshold', 'face_plugins'],
  ...['prediction_count', 'status', 'detector', 'recognition', 'ticket', 'h', '__proto__', 'nonsense'],
];

/** Deep, wide, with many keys and with much white space; most as large as any route takes, and some as a picture may be. */
const costlyBodies = [8_000, 60_000].flatMap((bytes) =>
  Object.values(nastyJson(bytes)).map((text) => Buffer.from(text)),
);
const largeBodies = Object.values(nastyJson(4_000_000)).map((text) => Buffer.from(text));

const contentTypes = [
  'application/json',
  'application/json; charset=latin1',
  'text/plain',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary="x',
  'application/x-www-form-urlencoded',
  'image/jpeg',
  'application/octet-stream',
  'application/problem+json',
  'nonsense',
];

/** Endless requests that no client in its right mind sends, the same ones for the same seed. */
export class MalformedRequests {
  readonly #random: Random;
  readonly #operations: readonly string[];
  readonly #pictures: readonly Buffer[];

  private constructor(seed: number, operations: readonly string[], pictures: readonly Buffer[]) {
    this.#random = seededRandom(seed);
    this.#operations = operations;
    this.#pictures = pictures;
  }

  /** @param operations as `GET /v1/people/{id}`; @param photo a JPEG with a face, which damaged pictures are made of */
  static async from(seed: number, operations: readonly string[], photo: string): Promise<MalformedRequests> {
    const small = sharp(photo).resize(96);
    const pictures = await Promise.all(
      [
        small.clone().jpeg(),
        small.clone().png(),
        small.clone().webp(),
        small.clone().gif(),
        small.clone().tiff(),
      ]
        .concat(small.clone().avif({ effort: 0 }))
        .map((picture) => picture.toBuffer()),
    );
    return new MalformedRequests(seed, operations, pictures);
  }

  next(): MalformedRequest {
    const [declared = 'GET', template = '/'] = this.#pick(this.#operations).split(' ');
    const method = this.#chance(0.9) ? declared : this.#pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
    const path = this.#path(template) + this.#query();
    if (method === 'GET' || method === 'DELETE')
      return { method, path, headers: this.#headers(), body: null };
    const { type, body } = this.#body();
    return { method, path, headers: { ...this.#headers(), 'content-type': type }, body };
  }

  #path(template: string): string {
    const filled = template.replaceAll(/\{\w+\}/g, () => {
      const text = this.#pick(nastyTexts);
      return text.startsWith('%') || text.includes('%2f') ? text : encodeURIComponent(text) || 'x';
    });
    return this.#chance(0.02) ? `${filled}/${encodeURIComponent(this.#pick(nastyTexts))}` : filled;
  }

  #query(): string {
    if (this.#chance(0.5)) return '';
    const count = 1 + Math.floor(this.#random() * 4);
    const pairs = Array.from({ length: count }, () => {
      const value = this.#pick(nastyTexts);
      return `${this.#pick(names)}=${value.startsWith('%') ? value : encodeURIComponent(value)}`;
    });
    return `?${pairs.join(this.#chance(0.9) ? '&' : '?')}`;
  }

  #headers(): Record<string, string> {
    return this.#chance(0.9)
      ? {}
      : {
          accept: this.#pick(['', '*/*', 'image/svg+xml', 'x'.repeat(500)]),
          'x-api-key': this.#pick(['', 'x']),
        };
  }

  #body(): { type: string; body: Buffer } {
    const roll = this.#random();
    if (roll < 0.005) return { type: 'application/json', body: this.#pick(largeBodies) };
    if (roll < 0.06) return { type: 'application/json', body: this.#pick(costlyBodies) };
    if (roll < 0.35) return { type: 'application/json', body: this.#json() };
    if (roll < 0.75) return this.#multipart();
    if (roll < 0.85) return { type: 'image/jpeg', body: this.#picture() };
    return { type: this.#pick(contentTypes), body: this.#chance(0.5) ? this.#json() : this.#bytes(200) };
  }

  #json(): Buffer {
    const entries = Array.from({ length: Math.floor(this.#random() * 4) }, () => [
      this.#pick(names),
      this.#chance(0.3) ? this.#picture().toString('base64') : this.#pick(nastyValues),
    ]);
    const text = JSON.stringify(this.#chance(0.9) ? Object.fromEntries(entries) : this.#pick(nastyValues));
    return this.#chance(0.8) ? Buffer.from(text) : this.#damaged(Buffer.from(text));
  }

  #multipart(): { type: string; body: Buffer } {
    const boundary = 'sightline-boundary';
    const parts = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => {
      const isFile = this.#chance(0.8);
      const name = this.#pick(names);
      const head = isFile
        ? `name="${name}"; filename="${this.#pick(['a.jpg', '../../x.svg', '', 'é.png'])}"\r\ncontent-type: image/png`
        : `name="${name}"`;
      const content = isFile ? this.#picture() : Buffer.from(this.#pick(nastyTexts));
      const opening = Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${head}\r\n\r\n`);
      return Buffer.concat([opening, content, Buffer.from('\r\n')]);
    });
    const whole = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
    const body = this.#chance(0.75) ? whole : this.#damaged(whole);
    return { type: `multipart/form-data; boundary=${boundary}`, body };
  }

  /** Mostly a picture that was damaged on its way; sometimes something that only calls itself one, or a whole one. */
  #picture(): Buffer {
    const roll = this.#random();
    if (roll < 0.08)
      return Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    if (roll < 0.12) return Buffer.from('%PDF-1.4 nothing');
    if (roll < 0.16) return this.#bytes(300);
    const picture = this.#pick(this.#pictures);
    return roll < 0.22 ? picture : this.#damaged(picture);
  }

  /** Bytes changed, cut out, doubled or left off. */
  #damaged(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes);
    const at = () => Math.floor(this.#random() * (copy.length + 1));
    const roll = this.#random();
    if (roll < 0.3) return copy.subarray(0, at());
    if (roll < 0.4) return Buffer.concat([copy.subarray(0, at()), copy.subarray(at())]);
    const changes = roll < 0.7 ? 1 : 1 + Math.floor(this.#random() * 40);
    // Headers lie at the beginning, and say how large everything is.
    const reach = this.#chance(0.5) ? Math.min(64, copy.length) : copy.length;
    for (let change = 0; change < changes && reach > 0; change++)
      copy[Math.floor(this.#random() * reach)] = Math.floor(this.#random() * 256);
    return copy;
  }

  #bytes(most: number): Buffer {
    return Buffer.from(
      Array.from({ length: Math.floor(this.#random() * most) }, () => Math.floor(this.#random() * 256)),
    );
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }
}
