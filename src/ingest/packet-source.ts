import { buildCopyArguments, buildDecoderArguments, type ReadOptions } from './ffmpeg-arguments.js';
import { play } from './ffmpeg-process.js';
import type { PictureSize } from './frame-assembler.js';
import type { DecodingRun, FrameOutputs } from './frame-outputs.js';
import type { Playback } from './next-step.js';
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

export interface PacketSourceOptions extends Pick<
  DecodingRun,
  'ffmpegPath' | 'environment' | 'stallTimeoutMs' | 'signal'
> {
  readonly spec: SourceSpec;
  readonly read: ReadOptions;
  readonly demand: PictureDemand;
  readonly outputs: FrameOutputs;
  /** Called with the size of the pictures: as stated by the stream at first, then as decoded. */
  readonly onSize: (size: PictureSize) => void;
  /** Called with a number of packets that were left out, because the decoder did not keep up. */
  readonly onSkipped: (packets: number) => void;
}

/** How a run of a copying ffmpeg went. */
export interface PacketPlayback {
  readonly playback: Playback;
  /** Why the packets of this source cannot be used; undefined if they can. */
  readonly unusable: string | undefined;
}

/** Whether packets of a source may be copied; the others are not compressed. */
export function mayBeCopied({ kind }: SourceSpec): boolean {
  return kind === 'rtsp' || kind === 'http' || kind === 'file';
}

/**
 * Has ffmpeg copy the packets of a source into a ring, and others decode them while pictures are needed. Resolves, and
 * never rejects, when the copying has ended, or a decoder has failed: `playback` is then of the one that failed.
 */
export async function playPackets(options: PacketSourceOptions): Promise<PacketPlayback> {
  const run = new PacketRun(options);
  return run.play();
}

class PacketRun {
  readonly #options: PacketSourceOptions;
  readonly #ring = new PacketRing(ringLimits);
  readonly #clock = new StreamClock();
  readonly #ending = new AbortController();
  #decoder: OnDemandDecoder | undefined;
  #failed: Playback | undefined;
  #unusable: string | undefined;
  #packets = 0;
  #size: string | undefined;

  constructor(options: PacketSourceOptions) {
    this.#options = options;
  }

  async play(): Promise<PacketPlayback> {
    const { ffmpegPath, environment, stallTimeoutMs, signal, spec, read, demand } = this.#options;
    const copied = await play({
      ...{ ffmpegPath, environment, stallTimeoutMs },
      args: buildCopyArguments(spec, read),
      output: (onPicture) => new PacketStream((packet) => onPicture(this.#take(packet))),
      onDecoded: () => undefined,
      onRemark: (line) => this.#read(line),
      onSize: (size) => this.#tellSize(size),
      signal: AbortSignal.any([signal, this.#ending.signal]),
    });
    demand.onChange(undefined);
    if (copied.stalled || signal.aborted || this.#ending.signal.aborted) await this.#decoder?.close();
    else await this.#decoder?.finish();
    if (copied.frames === 0) this.#unusable ??= copied.stderr.find((line) => cannotCopy.test(line));
    return { playback: this.#failed ?? copied, unusable: this.#unusable };
  }

  #take({ presentedAt, isKey, data, format }: CopiedPacket): PictureSize {
    this.#clock.arrived(presentedAt);
    this.#ring.push({ presentedAt, isKey, data, arrivedAt: performance.now() });
    if (++this.#packets === mostBeforeKey && this.#ring.newestKey === undefined)
      this.#giveUp('no packet is marked as a key frame');
    this.#decoder ??= this.#openDecoder(format);
    this.#decoder.feed();
    return scaledSize(format, this.#options.read.width);
  }

  #openDecoder(format: CopiedPacket['format']): OnDemandDecoder {
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

  #read(line: string): void {
    if (turnedPicture.test(line)) this.#giveUp('its pictures are to be turned');
  }

  #giveUp(reason: string): void {
    this.#unusable = reason;
    this.#ending.abort();
  }
}

/** The size of decoded pictures, as ffmpeg's `scale=min(width,iw):-2` makes them. */
function scaledSize({ width, height }: PictureSize, most: number | null): PictureSize {
  if (most === null) return { width, height };
  const scaled = Math.min(most, width);
  return { width: scaled, height: 2 * Math.round((scaled * height) / width / 2) };
}
