import { buildCopyArguments, buildDecoderArguments, type ReadOptions } from './ffmpeg-arguments.js';
import { play } from './ffmpeg-process.js';
import type { PictureSize } from './frame-assembler.js';
import type { DecodingRun, FrameOutputs } from './frame-outputs.js';
import type { Playback } from './next-step.js';
import type { NutFormat } from './nut-headers.js';
import { OnDemandDecoder } from './on-demand-decoder.js';
import { PacketRing } from './packet-ring.js';
import { PacketStream, type CopiedPacket } from './packet-stream.js';
import type { SourceSpec } from './source-spec.js';
import { StreamClock } from './stream-clock.js';

/**
 * What came within the last six seconds can be decoded: the search of an idle camera may come three seconds late, and on
 * a busy machine a decoder takes as long to start. The key frame before adds the camera's interval between key frames,
 * bounded by the bytes: half a minute at 8 Mbit/s.
 */
const ringLimits = { keepMs: 6000, maxBytes: 32 << 20 };
/** A stream without a key frame among so many packets has none that ffmpeg knows of. */
const mostBeforeKey = 500;
/** What ffmpeg says of packets that it cannot put into NUT. */
const cannotCopy = /write header|tag for codec|muxer|muxing|packet pts|timestamps are unset|write_frame/i;
/** A picture that is to be turned: NUT does not carry by how much. */
const turnedPicture = /displaymatrix: rotation of -?\d*[1-9]/;

/** What is needed of a source: pictures for analysis, pictures for viewers, or neither. */
export class PictureDemand {
  #analysisSince: number | undefined;
  #viewsSince: number | undefined;
  #onChange: (() => void) | undefined;

  /** From when on pictures are needed, on the clock of `performance.now()`; undefined while none are. */
  get since(): number | undefined {
    return this.#analysisSince ?? this.#viewsSince;
  }

  forAnalysis(since: number | undefined): void {
    this.#analysisSince = since;
    this.#onChange?.();
  }

  forViews(isWanted: boolean): void {
    this.#viewsSince = isWanted ? performance.now() : undefined;
    this.#onChange?.();
  }

  /** @param listener called after each change, in place of the one before */
  onChange(listener: (() => void) | undefined): void {
    this.#onChange = listener;
  }
}

/** Receives what a producer of packets has. */
export interface PacketReceiver {
  /** @returns the size of the pictures, as they will be shown */
  readonly onPacket: (packet: CopiedPacket) => PictureSize;
  /** Called with the size of the pictures, and again when it changes. */
  readonly onSize: (size: PictureSize) => void;
  /** Called when the packets cannot be used, with the reason. */
  readonly onUnusable: (reason: string) => void;
  /** Ends it when aborted. */
  readonly signal: AbortSignal;
}

/** Brings the packets of a source until it ends. Never rejects. */
export type PacketProducer = (receiver: PacketReceiver) => Promise<Playback>;

export interface PacketRunOptions extends Pick<
  DecodingRun,
  'ffmpegPath' | 'environment' | 'stallTimeoutMs' | 'signal'
> {
  readonly read: ReadOptions;
  /** Called with the size of the pictures: as stated by the stream at first, then as decoded. */
  readonly onSize: (size: PictureSize) => void;
  readonly onPacket?: ((packet: PacketNotice) => void) | undefined;
}

/** What is told of a packet. */
export interface PacketNotice {
  /** The name of its compression. */
  readonly codec: string;
  readonly isKey: boolean;
  /** On the clock of the stream, in ms. */
  readonly presentedAt: number;
}

export interface PacketSourceOptions extends PacketRunOptions {
  readonly produce: PacketProducer;
  readonly demand: PictureDemand;
  readonly outputs: FrameOutputs;
  /** Called with a number of packets that were left out, because the decoder did not keep up. */
  readonly onSkipped: (packets: number) => void;
}

/** How the packets of a source went. */
export interface PacketPlayback {
  readonly playback: Playback;
  /** Why the packets of this source cannot be used; undefined if they can. */
  readonly unusable: string | undefined;
}

/** Whether packets of a source may be copied; the others are not compressed. */
export function mayBeCopied({ kind }: SourceSpec): boolean {
  return kind !== 'webcam' && kind !== 'test';
}

/** Has an ffmpeg copy the packets of a source. */
export function copiedPackets(
  spec: SourceSpec,
  { read, ffmpegPath, environment, stallTimeoutMs }: PacketRunOptions,
): PacketProducer {
  return async ({ onPacket, onSize, onUnusable, signal }) => {
    const copied = await play({
      ...{ ffmpegPath, environment, stallTimeoutMs },
      args: buildCopyArguments(spec, read),
      output: (onPicture) => new PacketStream((packet) => onPicture(onPacket(packet))),
      onDecoded: () => undefined,
      onRemark: (line) => {
        if (turnedPicture.test(line)) onUnusable('its pictures are to be turned');
      },
      onSize,
      signal,
    });
    const complaint = copied.stderr.find((line) => cannotCopy.test(line));
    if (copied.frames === 0 && complaint !== undefined) onUnusable(complaint);
    return copied;
  };
}

/**
 * Keeps the packets of a source in a ring, and has ffmpegs decode them while pictures are needed. Resolves, and never
 * rejects, when the packets have ended, or a decoder has failed: `playback` is then of the one that failed.
 */
export async function playPackets(options: PacketSourceOptions): Promise<PacketPlayback> {
  const run = new PacketRun(options);
  return run.play();
}

class PacketRun {
  readonly #options: PacketSourceOptions;
  #ring = new PacketRing(ringLimits);
  readonly #clock = new StreamClock();
  readonly #ending = new AbortController();
  #decoder: OnDemandDecoder | undefined;
  #format: NutFormat | undefined;
  #replaced: Promise<void> = Promise.resolve();
  #failed: Playback | undefined;
  #unusable: string | undefined;
  #packets = 0;
  #size: string | undefined;

  constructor(options: PacketSourceOptions) {
    this.#options = options;
  }

  async play(): Promise<PacketPlayback> {
    const { produce, signal, demand } = this.#options;
    const copied = await produce({
      onPacket: (packet) => this.#take(packet),
      onSize: (size) => this.#tellSize(size),
      onUnusable: (reason) => this.#giveUp(reason),
      signal: AbortSignal.any([signal, this.#ending.signal]),
    });
    demand.onChange(undefined);
    if (copied.stalled || signal.aborted || this.#ending.signal.aborted) await this.#decoder?.close();
    else await this.#decoder?.finish();
    await this.#replaced;
    return { playback: this.#failed ?? copied, unusable: this.#unusable };
  }

  #take({ presentedAt, isKey, data, format }: CopiedPacket): PictureSize {
    if (this.#format?.width !== format.width || this.#format.height !== format.height) this.#begin(format);
    this.#options.onPacket?.({ codec: codecName(format.fourcc), isKey, presentedAt });
    this.#clock.arrived(presentedAt);
    this.#ring.push({ presentedAt, isKey, data, arrivedAt: performance.now() });
    if (++this.#packets === mostBeforeKey && this.#ring.newestKey === undefined)
      this.#giveUp('no packet is marked as a key frame');
    this.#decoder?.feed();
    return shownSize(format, this.#options.read);
  }

  /** Begins with packets of another size, for which there must be another decoder. */
  #begin(format: NutFormat): void {
    const before = this.#decoder?.close();
    this.#replaced = Promise.all([this.#replaced, before]).then(() => undefined);
    this.#ring = new PacketRing(ringLimits);
    this.#format = format;
    this.#decoder = this.#openDecoder(format);
  }

  #openDecoder(format: NutFormat): OnDemandDecoder {
    const { demand, outputs, onSkipped, read, ffmpegPath, environment, stallTimeoutMs } = this.#options;
    const { signal: closing } = this.#options;
    const takenAt = (presentedAt: number): number => this.#clock.takenAt(presentedAt);
    const decoder = new OnDemandDecoder({
      ...{ ring: this.#ring, format, onSkipped },
      decode: (onInput, signal) =>
        outputs.play({
          ...{ ffmpegPath, environment, stallTimeoutMs, onInput },
          ...{ args: buildDecoderArguments(read), takenAt, clock: this.#clock },
          onSize: (size) => this.#tellSize(size),
          signal: AbortSignal.any([signal, closing]),
        }),
      onFailed: (playback) => {
        this.#failed = playback;
        this.#ending.abort();
      },
    });
    demand.onChange(() => decoder.want(demand.since));
    decoder.want(demand.since);
    return decoder;
  }

  #tellSize({ width, height }: PictureSize): void {
    const size = `${width}×${height}`;
    if (size === this.#size) return;
    this.#size = size;
    this.#options.onSize({ width, height });
  }

  #giveUp(reason: string): void {
    this.#unusable ??= reason;
    this.#ending.abort();
  }
}

const codecNames: Readonly<Record<string, string>> = {
  ...{
    H264: 'H.264',
    avc1: 'H.264',
    HEVC: 'H.265',
    hvc1: 'H.265',
    hev1: 'H.265',
    MJPG: 'MJPEG',
    mp4v: 'MPEG-4',
    VP80: 'VP8',
    VP90: 'VP9',
    AV01: 'AV1',
  },
};

function codecName(fourcc: Uint8Array): string {
  const name = Buffer.from(fourcc).toString('latin1');
  return codecNames[name] ?? name;
}

/** The size of decoded pictures, as the filters of `buildDecoderArguments` make them. */
function shownSize(format: NutFormat, { rotate, width: most }: ReadOptions): PictureSize {
  const [wide, high] = format.pixelAspect;
  const aspect = wide > 0 && high > 0 ? wide / high : 1;
  const square = [format.width * Math.max(aspect, 1), format.height / Math.min(aspect, 1)].map(Math.round);
  const [width = 0, height = 0] = rotate % 180 === 0 ? square : square.toReversed();
  if (most === null) return { width, height };
  const scaled = Math.min(most, width);
  return { width: scaled, height: 2 * Math.round((scaled * height) / width / 2) };
}
