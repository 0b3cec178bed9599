/** The documented part of libheif-js that is used; the package has no types for it. */
declare module 'libheif-js/wasm-bundle.js' {
  interface HeifImage {
    get_width(): number;
    get_height(): number;
    is_primary(): boolean;
    /** Decodes as RGBA into `target.data`; gives null to `done` when it cannot. */
    display(
      target: { data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number },
      done: (target: { data: Uint8ClampedArray<ArrayBuffer> } | null) => void,
    ): void;
  }
  const libheif: {
    readonly ready: Promise<unknown>;
    /** `decode` reads the header only, and gives no image for what it cannot read. */
    readonly HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
  };
  export default libheif;
}
