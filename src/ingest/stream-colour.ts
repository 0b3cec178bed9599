import type { YuvImage } from '../core/image.js';

/** ffmpeg's description of the first video stream: pixel format, what the stream says about its colours, and size. */
const videoLine = /Stream #0:\d+.*?: Video: .*?, (\w+)(?:\(([^)]*)\))?, \d+x(\d+)/;
/** From this height on, video that does not say otherwise has the coefficients of high definition. */
const highDefinitionLines = 720;
const matrices: Readonly<Record<string, YuvImage['matrix']>> = {
  ...{ bt470bg: 'bt601', smpte170m: 'bt601', fcc: 'bt601' },
  // The coefficients of BT.2020 and SMPTE 240M are nearer to those of BT.709.
  ...{ bt709: 'bt709', bt2020nc: 'bt709', bt2020c: 'bt709', smpte240m: 'bt709' },
};

/** Which coefficients turn a stream into RGB, by what ffmpeg says of it before it plays. */
export class StreamColour {
  #matrix: YuvImage['matrix'] | undefined;

  /** @param line of ffmpeg's log, of any kind */
  read(line: string): void {
    const match = this.#matrix === undefined ? videoLine.exec(line) : null;
    if (match === null) return;
    const [, format = '', properties = '', height] = match;
    // ffmpeg converts RGB with the coefficients of BT.601.
    const isRgb = /rgb|bgr|gbr|pal8/.test(format);
    this.#matrix = isRgb ? 'bt601' : (statedMatrix(properties) ?? usualMatrix(Number(height)));
  }

  /** @param height of the picture, which tells most until the stream was described */
  matrix(height: number): YuvImage['matrix'] {
    return this.#matrix ?? usualMatrix(height);
  }
}

/** What players take a stream for that does not say it. */
function usualMatrix(height: number): YuvImage['matrix'] {
  return height >= highDefinitionLines ? 'bt709' : 'bt601';
}

/** @param properties such as `tv, bt709, progressive` or `pc, bt470bg/unknown/unknown` */
function statedMatrix(properties: string): YuvImage['matrix'] | undefined {
  const names = properties.split(', ').map((property) => property.split('/')[0] ?? '');
  const name = names.find((candidate) => candidate in matrices);
  return name === undefined ? undefined : matrices[name];
}
