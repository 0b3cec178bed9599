import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { JpegSplitter, type JpegPicture } from '../../../src/ingest/jpeg-splitter.js';

const pictures: Buffer[] = [];
let progressive: Buffer;
let withThumbnail: Buffer;

beforeAll(async () => {
  const noise = (width: number, height: number): Sharp =>
    sharp({
      create: {
        ...{ width, height, channels: 3, background: 'black' },
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    });
  for (const width of [64, 48, 80]) pictures.push(await noise(width, 32).jpeg().toBuffer());
  progressive = await noise(96, 32).jpeg({ progressive: true }).toBuffer();
  // An Exif segment that holds a whole JPEG file.
  const [first] = pictures as [Buffer];
  const segment = Buffer.concat([Buffer.from('Exif\0\0'), first]);
  const head = Buffer.of(0xff, 0xe1, (segment.length + 2) >> 8, (segment.length + 2) & 255);
  const [, second] = pictures as [Buffer, Buffer];
  withThumbnail = Buffer.concat([second.subarray(0, 2), head, segment, second.subarray(2)]);
});

function split(bytes: Buffer, chunkBytes = bytes.length) {
  const found: JpegPicture[] = [];
  let damaged = 0;
  const splitter = new JpegSplitter({
    onPicture: (picture) => found.push(picture),
    onDamaged: () => void damaged++,
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) splitter.push(bytes.subarray(at, at + chunkBytes));
  return { found, damaged, isInPicture: splitter.isInPicture };
}

describe('JpegSplitter', () => {
  it.each([1, 7, 100, 1460, Infinity])('finds pictures that come in pieces of %d bytes', (size) => {
    const headers = Buffer.from('--frame\nContent-Type: image/jpeg\n\n');
    const all = [...pictures, progressive, withThumbnail];
    const bytes = Buffer.concat(all.flatMap((picture) => [headers, picture, Buffer.from('\r\n')]));
    const { found, damaged, isInPicture } = split(bytes, Math.min(size, bytes.length));
    expect(found.map(({ data }) => Buffer.from(data))).toEqual(all);
    expect(found.map(({ width, height }) => [width, height])).toEqual(
      [64, 48, 80, 96, 48].map((width) => [width, 32]),
    );
    expect([damaged, isInPicture]).toEqual([0, false]);
  });

  it('goes on after a picture that was cut off, and counts it', () => {
    const [first, second, third] = pictures as [Buffer, Buffer, Buffer];
    const bytes = Buffer.concat([first, second.subarray(0, -200), Buffer.from('--x\r\n\r\n'), third]);
    const { found, damaged } = split(bytes, 50);
    expect(found.map(({ data }) => Buffer.from(data))).toEqual([first, third]);
    expect(damaged).toBe(1);
  });

  it('leaves out pictures that state no size, or one that nobody has', () => {
    const [first] = pictures as [Buffer];
    const frameHeader = first.indexOf(Buffer.of(0xff, 0xc0));
    const huge = Buffer.from(first);
    huge.fill(0xff, frameHeader + 5, frameHeader + 9);
    const none = Buffer.from(first);
    none.fill(0, frameHeader + 5, frameHeader + 9);
    expect(split(Buffer.concat([huge, none]))).toMatchObject({ found: [], damaged: 2 });
  });

  it('gives up a picture that does not end within 16 MiB', () => {
    const [first, second] = pictures as [Buffer, Buffer];
    const endless = Buffer.concat([first.subarray(0, -2), Buffer.alloc((16 << 20) + 1), second]);
    const { found, damaged } = split(endless, 64 << 10);
    expect(found.map(({ data }) => Buffer.from(data))).toEqual([second]);
    expect(damaged).toBe(1);
  });

  it('says whether it is in the middle of a picture', () => {
    const [first] = pictures as [Buffer];
    expect(split(first.subarray(0, -1)).isInPicture).toBe(true);
    expect(split(Buffer.from('<html>')).isInPicture).toBe(false);
  });
});
