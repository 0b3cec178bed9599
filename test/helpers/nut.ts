/** Writes NUT for tests, as the specification says and more variously than ffmpeg does. */

export interface NutPicture {
  readonly presentedAt: number;
  readonly data: Uint8Array;
}

interface NutOptions {
  readonly width: number;
  readonly height: number;
  /** Times are told modulo 2 to the power of this. */
  readonly msbPtsShift?: number;
  /** Where texts stand between the pictures that nobody needs. */
  readonly infoEvery?: number;
  readonly streamClass?: number;
  readonly version?: number;
}

const startcodes = {
  main: '4e4d7a561f5f04ad',
  stream: '4e5311405bf2f9db',
  syncpoint: '4e4be4adeeca4569',
  info: '4e49ab68b596ba78',
};
const [flagKey, flagCodedPts, flagSizeMsb, flagCoded, flagInvalid] = [1, 8, 32, 4096, 8192];
/** The only frame code that is used: every flag is written with the frame. */
const frameCode = 1;

/** A number of any length: 7 bits a byte, the largest first. */
export function nutNumber(value: number): Buffer {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift((rest % 128) + 128);
  return Buffer.from(bytes);
}

export function nutHeader(code: keyof typeof startcodes, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat([...content, Buffer.alloc(4)]);
  const checksum = Buffer.alloc(body.length > 4096 ? 4 : 0);
  return Buffer.concat([Buffer.from(startcodes[code], 'hex'), nutNumber(body.length), checksum, body]);
}

/** What stands before the first picture. Times are in ms. */
export function nutStart({
  width,
  height,
  msbPtsShift = 7,
  streamClass = 0,
  version = 3,
}: NutOptions): Buffer {
  const numbers = (...values: readonly number[]) => Buffer.concat(values.map(nutNumber));
  const table = numbers(
    ...[flagInvalid, 6, 0, 1, 0, 0, 0, 1],
    // One code with everything told by the frame, then the rest.
    ...[flagCoded, 6, 0, 1, 0, 0, 0, 1],
    ...[flagInvalid, 6, 0, 1, 0, 0, 0, 253],
  );
  const main = nutHeader('main', numbers(version, 1, 65_536, 1, 1, 1000), table, numbers(0));
  const format = Buffer.from('\x04I420', 'latin1');
  const stream = nutHeader(
    'stream',
    ...[
      numbers(0, streamClass),
      format,
      numbers(0, msbPtsShift, 1000, 0, 0, 0),
      numbers(width, height, 0, 0, 0),
    ],
  );
  return Buffer.concat([Buffer.from('nut/multimedia container\0', 'latin1'), main, stream]);
}

/** A stream of pictures. */
export function nut(pictures: readonly NutPicture[], options: NutOptions): Buffer {
  const { msbPtsShift = 7, infoEvery = 3 } = options;
  let last = 0;
  const parts = pictures.flatMap(({ presentedAt, data }, index) => {
    const modulus = 2 ** msbPtsShift;
    const before = index % 4 === 0 ? [nutHeader('syncpoint', nutNumber(presentedAt), nutNumber(0))] : [];
    if (before.length > 0) last = presentedAt;
    if (index % infoEvery === 1) before.push(nutHeader('info', Buffer.alloc(index * 3000, 0x4e)));
    const isNear = Math.abs(presentedAt - last) < modulus / 2 - 1;
    const pts = isNear ? presentedAt % modulus : presentedAt + modulus;
    last = presentedAt;
    const flags = flagKey | flagCodedPts | flagSizeMsb;
    const head = [Buffer.from([frameCode]), nutNumber(flags), nutNumber(pts), nutNumber(data.length)];
    return [...before, ...head, Buffer.from(data)];
  });
  return Buffer.concat([nutStart(options), ...parts]);
}
