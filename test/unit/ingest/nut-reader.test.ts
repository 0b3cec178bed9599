import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SightlineError } from '../../../src/core/errors.js';
import { NutReader, type NutPacket } from '../../../src/ingest/nut-reader.js';
import { nut, nutHeader, nutNumber, nutStart } from '../../helpers/nut.js';

const size = { width: 4, height: 2 };
const picture = fc.record({
  presentedAt: fc.integer({ min: 0, max: 100_000_000 }),
  data: fc.uint8Array({ minLength: 12, maxLength: 12 }),
});

interface Received {
  readonly packet: NutPacket;
  readonly data: Uint8Array | undefined;
}

function reader(
  accept: (packet: NutPacket) => Uint8Array | undefined = ({ byteLength }) => new Uint8Array(byteLength),
) {
  const received: Received[] = [];
  const nutReader = new NutReader({
    onPacket: accept,
    onComplete: (packet, data) => void received.push({ packet, data }),
  });
  return { received, nutReader };
}

/** Pushes the bytes in pieces of these sizes, over and over. */
function pushInPieces(nutReader: NutReader, bytes: Buffer, cuts: readonly number[]): void {
  for (let [index, rest] = [0, bytes]; rest.length > 0; index += 1) {
    const length = cuts[index % cuts.length] ?? rest.length;
    nutReader.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
}

const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 });

describe('NutReader', () => {
  it('finds the same packets with the same times however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(picture, { maxLength: 8 }),
        cuts,
        fc.integer({ min: 3, max: 14 }),
        (pictures, pieces, shift) => {
          const { received, nutReader } = reader();
          pushInPieces(nutReader, nut(pictures, { ...size, msbPtsShift: shift }), pieces);
          expect(
            received.map(({ packet, data }) => ({
              presentedAt: packet.presentedAt,
              data: data as Uint8Array,
            })),
          ).toEqual(pictures);
          expect(
            received.every(({ packet }) => packet.isKey && packet.width === 4 && packet.height === 2),
          ).toBe(true);
        },
      ),
    );
  });

  it('tells of packets that nobody takes, too', () => {
    const { received, nutReader } = reader(() => undefined);
    nutReader.push(nut([{ presentedAt: 40, data: new Uint8Array(12) }], size));
    expect(received).toEqual([
      { packet: { ...size, byteLength: 12, presentedAt: 40, isKey: true }, data: undefined },
    ]);
  });

  it('puts back the beginning that a small packet leaves out', () => {
    const numbers = (...values: readonly number[]) => values.map(nutNumber);
    // Every code stands for a key frame of its own length minus 2, without its first byte.
    const codes = numbers(1, 8, 0, 254, 0, 0, 0, 77, 0, 1).concat(numbers(1, 8, 0, 254, 0, 77, 0, 178, 0, 1));
    const main = nutHeader(
      'main',
      ...numbers(3, 1, 65_536, 1, 1, 1000),
      ...codes,
      ...numbers(1),
      Buffer.from([1, 0xab]),
    );
    const begin = nutStart(size);
    const stream = begin.subarray(begin.indexOf(Buffer.from('4e53', 'hex')));
    const { received, nutReader } = reader();
    nutReader.push(Buffer.concat([begin.subarray(0, 25), main, stream, Buffer.from([3, 0xcd, 0xef])]));
    expect(received.map(({ data }) => [...(data as Uint8Array)])).toEqual([[0xab, 0xcd, 0xef]]);
  });

  it('gives up a packet that broke off', () => {
    const buffer = new Uint8Array(12);
    const { nutReader } = reader(() => buffer);
    const bytes = nut([{ presentedAt: 0, data: new Uint8Array(12) }], size);
    nutReader.push(bytes.subarray(0, bytes.length - 1));
    expect([nutReader.abandon(), nutReader.abandon()]).toEqual([buffer, undefined]);
  });

  it.each<[string, Buffer]>([
    ['another format', Buffer.from('P6\n2 1\n255\n')],
    ['a frame before its headers', Buffer.concat([nutStart(size).subarray(0, 25), Buffer.from([1, 2, 3])])],
    ['sound', nutStart({ ...size, streamClass: 1 }).subarray(0)],
    ['a later version', nutStart({ ...size, version: 4 })],
    ['a frame that is marked as invalid', Buffer.concat([nutStart(size), Buffer.from([0])])],
    [
      'a header without an end',
      Buffer.concat([nutStart(size), Buffer.from([1]), Buffer.alloc(20_000, 0xff)]),
    ],
    [
      'a header that is too short',
      Buffer.concat([nutStart(size).subarray(0, 25), nutHeader('main', nutNumber(3))]),
    ],
    ['a header that is too long', Buffer.concat([nutStart(size), nutHeader('stream', Buffer.alloc(20_000))])],
  ])('refuses %s as SOURCE_FAILED', (_, bytes) => {
    const push = () => reader().nutReader.push(bytes);
    expect(push).toThrow(expect.objectContaining({ code: 'SOURCE_FAILED' }));
  });

  it('never does worse with garbage than to refuse it, nor takes memory for more than one header', () => {
    const valid = nut([{ presentedAt: 7, data: new Uint8Array(12) }], size);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: valid.length }),
        fc.uint8Array({ maxLength: 4000 }),
        cuts,
        (kept, garbage, pieces) => {
          let [asked, held] = [0, 0];
          const { nutReader } = reader(({ byteLength }) => {
            asked = Math.max(asked, byteLength);
            return byteLength === 12 ? new Uint8Array(12) : undefined;
          });
          try {
            pushInPieces(nutReader, Buffer.concat([valid.subarray(0, kept), garbage]), pieces);
            held = nutReader.abandon()?.length ?? 0;
          } catch (error) {
            expect(error).toBeInstanceOf(SightlineError);
            expect(error).toHaveProperty('code', 'SOURCE_FAILED');
          }
          expect(held).toBeLessThanOrEqual(12);
          expect(Number.isFinite(asked)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
