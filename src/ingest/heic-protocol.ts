/** What the thread that decodes a HEIC picture is given. */
export interface HeicWorkerData {
  readonly bytes: Uint8Array;
  readonly maxSidePixels: number;
  /** Width × height. */
  readonly maxPixels: number;
}

/** What it answers with. */
export type HeicReply =
  /** Upright, 8-bit sRGB with alpha. */
  | {
      readonly status: 'decoded';
      readonly width: number;
      readonly height: number;
      readonly rgba: Uint8ClampedArray<ArrayBuffer>;
    }
  | { readonly status: 'too large'; readonly width: number; readonly height: number }
  | { readonly status: 'unreadable'; readonly reason: string };
