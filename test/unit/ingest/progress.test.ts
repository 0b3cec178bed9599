import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProgressReader } from '../../../src/ingest/progress.js';

const block = (frames: number) =>
  `frame=${frames}\nfps=25.0\nstream_0_0_q=-0.0\nbitrate=N/A\ntotal_size=0\nout_time_us=1\ndup_frames=0\ndrop_frames=0\nspeed=1x\nprogress=continue\n`;

it('reads the number of frames however the text is cut, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 5 }), fc.integer({ min: 1, max: 300 }), (counts, length) => {
      const read: number[] = [];
      const reader = new ProgressReader((frames) => read.push(frames));
      const text = counts.map(block).join('');
      for (let at = 0; at < text.length; at += length) reader.push(text.slice(at, at + length));
      expect(read).toEqual(counts);
    }),
  );
});
