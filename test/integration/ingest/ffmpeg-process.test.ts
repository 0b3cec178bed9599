import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { VideoFolder } from '../../helpers/video.js';
import type { FfmpegArguments } from '../../../src/ingest/ffmpeg-arguments.js';
import type { FfmpegBinary } from '../../../src/ingest/ffmpeg-binary.js';
import { FfmpegProcess, type FfmpegOutputs } from '../../../src/ingest/ffmpeg-process.js';
import { ViewDemand } from '../../../src/ingest/view-valve.js';
import { WatchedSource } from './watch-source.js';
import { patienceMs } from '../../helpers/patience.js';
import { isAlive } from '../../helpers/processes.js';
import { endWithTestFile } from '../../helpers/running-programs.js';

const folder = new VideoFolder();
const args: FfmpegArguments = {
  inputOptions: ['-a', 'b'],
  input: 'rtsp://u:hunter22@cam/x',
  outputOptions: ['-c', 'd e'],
};
afterAll(() => folder.remove());

/** A program in the place of ffmpeg; it runs `script` in Node. */
async function standIn(name: string, script: string): Promise<string> {
  const file = await folder.write(name, `#!${process.execPath}\n${script}`);
  await chmod(file, 0o755);
  return file;
}

/** A stream that keeps what it gets; `begun` resolves with the first of it. */
function collect(): FfmpegOutputs & { text: () => string; begun: Promise<unknown>; remarks: string[] } {
  const chunks: Buffer[] = [];
  const news = new EventEmitter();
  const write = (chunk: Buffer, _encoding: string, done: () => void) => {
    chunks.push(chunk);
    news.emit('chunk');
    done();
  };
  const output = new Writable({ write, autoDestroy: false });
  const text = () => Buffer.concat(chunks).toString();
  const remarks: string[] = [];
  const onRemark = (line: string) => void remarks.push(line);
  return { output, onDecoded: () => undefined, onRemark, text, begun: once(news, 'chunk'), remarks };
}

describe('FfmpegProcess', () => {
  it('passes every argument as it is, and waits for the last byte', async () => {
    const path = await standIn(
      'echo',
      'process.stdout.write(JSON.stringify(process.argv.slice(2)) + "x".repeat(300000));',
    );
    const outputs = collect();
    const exit = await new FfmpegProcess(path, args, outputs).exited;
    expect(exit).toEqual({ code: 0, stderr: [] });
    expect(outputs.text().slice(0, -300_000)).toBe(
      JSON.stringify(['-a', 'b', '-i', args.input, '-c', 'd e', 'pipe:1']),
    );
  });

  it('keeps the last lines of stderr without passwords', async () => {
    const script = `for (let i = 0; i < 50; i++) console.error(i + ' ' + process.argv.join(' ')); process.exitCode = 3;`;
    const exit = await new FfmpegProcess(await standIn('noisy', script), args, collect()).exited;
    expect(exit.code).toBe(3);
    expect(exit.stderr).toHaveLength(20);
    expect(exit.stderr.at(-1)).toMatch(/^49 .*rtsp:\/\/\*\*\*@cam\/x/);
    expect(exit.stderr.join()).not.toContain('hunter22');
  });

  it('tells complaints from remarks by the level of a line', async () => {
    const script = `console.error(${JSON.stringify(
      [
        '[info] Input #0',
        '[rtsp @ 0x55d] [warning] late',
        '    Last message repeated 3 times',
        '[tcp @ 0x1f] [rtsp @ 0x55d] [error] Connection refused',
        '[fatal] Option x not found.',
        'error while loading shared libraries',
      ].join('\n'),
    )});`;
    const outputs = collect();
    const exit = await new FfmpegProcess(await standIn('levels', script), args, outputs).exited;
    expect(exit.stderr).toEqual([
      '[tcp @ 0x1f] [rtsp @ 0x55d] Connection refused',
      'Option x not found.',
      'error while loading shared libraries',
    ]);
    expect(outputs.remarks).toEqual(['[info] Input #0', '[rtsp @ 0x55d] [warning] late']);
  });

  it('reads the second output only while it is wanted, and lets go of it for the end', async () => {
    const script = `
      const { writeSync } = require('node:fs');
      const view = process.argv[process.argv.indexOf('pipe:3') - 1];
      writeSync(4, 'frame=7\\nprogress=continue\\n');
      process.on('SIGTERM', () => { writeSync(3, view.repeat(1e6)); process.exit(0); });
      process.stdout.write('begun');
      setInterval(() => {}, 1000);`;
    const [outputs, views] = [collect(), collect()];
    const decoded: number[] = [];
    const demand = new ViewDemand();
    const child = new FfmpegProcess(
      await standIn('views', script),
      { ...args, viewOptions: ['v'] },
      {
        ...outputs,
        views: { output: views.output, demand },
        onDecoded: (frames) => void decoded.push(frames),
      },
    );
    await outputs.begun;
    await child.stop();
    expect(await child.exited).toEqual({ code: 0, stderr: [] });
    expect([decoded, views.text().length]).toEqual([[7], 1e6]);
  });

  it('ends one that does not listen to SIGTERM', async () => {
    const script = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdout.write('ready');`;
    const outputs = collect();
    const child = new FfmpegProcess(await standIn('deaf', script), args, outputs);
    await outputs.begun;
    await child.stop();
    expect(await child.exited).toEqual({ code: null, stderr: [] });
  });

  it('says why it could not start, or crashed', async () => {
    const missing = await new FfmpegProcess('/no/such/ffmpeg', args, collect()).exited;
    expect(missing).toEqual({ code: null, stderr: [expect.stringContaining('ENOENT')] });
    const path = await standIn('crash', `process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000);`);
    const crashed = await new FfmpegProcess(path, args, collect()).exited;
    expect(crashed).toEqual({ code: null, stderr: ['ffmpeg was terminated by SIGSEGV'] });
  });

  it('reports output that is no picture', async () => {
    const path = await standIn(
      'garbage',
      `process.stdout.write('garbage'.repeat(100000)); setInterval(() => {}, 1000);`,
    );
    const release = { major: 5, minor: 1 };
    const ffmpeg: FfmpegBinary = { path, version: 'garbage', release, origin: 'path' };
    const watched = new WatchedSource('rtsp://127.0.0.1/x', { ffmpeg });
    const { error } = await watched.state('offline');
    await watched.source.close();
    expect(error.code).toBe('SOURCE_FAILED');
    expect(error.message).toContain('NUT');
  });

  it('takes ffmpeg along when the program exits on its own account', async () => {
    const program = fileURLToPath(new URL('./abrupt-exit.mjs', import.meta.url));
    const child = endWithTestFile(fork(program, { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] }));
    const [pid] = (await once(child, 'message')) as [number];
    expect(isAlive(pid)).toBe(true);
    const exited = once(child, 'exit');
    child.send('throw');
    expect(await exited).toEqual([1, null]);
    await vi.waitUntil(() => !isAlive(pid), patienceMs);
  });
});
