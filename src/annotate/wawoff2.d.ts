/** wawoff2 has no types. Its main entry also loads the compressor, a megabyte that is not needed here. */
declare module 'wawoff2/decompress.js' {
  /** Converts WOFF2 to TrueType or OpenType. @throws Error if the bytes are not WOFF2 */
  export default function decompress(woff2: Uint8Array): Promise<Uint8Array>;
}
