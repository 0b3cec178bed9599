/** The picture formats that are read. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'tiff' | 'gif' | 'avif';

/** How many first bytes of a file tell its format. */
const FORMAT_BYTES = 16;

const SIGNATURES: readonly (readonly [ImageFormat, RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n/],
  ['webp', /^RIFF[^]{4}WEBP/],
  ['tiff', /^(II[*+]\0|MM\0[*+])/],
  ['gif', /^GIF8[79]a/],
  ['avif', /^[^]{4}ftypavi[fs]/],
];

/**
 * The format that the first bytes of a file declare, or undefined. Looked at before any decoder sees the file, so that
 * formats nobody asked for (SVG, PDF, …) never reach theirs.
 */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, FORMAT_BYTES)).toString('latin1');
  return SIGNATURES.find(([, signature]) => signature.test(head))?.[0];
}
