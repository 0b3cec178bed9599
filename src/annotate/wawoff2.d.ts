/** wawoff2 ships no types. Its main entry also loads the compressor, a megabyte that nobody here needs. */
declare module 'wawoff2/decompress.js' {
  /** From WOFF2 to TrueType or OpenType; rejects when it is not WOFF2. */
  export default function decompress(woff2: Uint8Array): Promise<Uint8Array>;
}
