import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { Client, startServer, until } from './start-server.js';

describe('/ws/video/:camera', () => {
  it('sends one JPEG of the asked width a message', async () => {
    const { url, camera } = await startServer();
    const client = await Client.open(url, '/ws/video/door?width=320');
    await camera.emit();
    await camera.emit();
    await client.received(2);
    expect(client.messages.every(({ isBinary }) => isBinary)).toBe(true);
    for (const { data } of client.messages) {
      expect(await sharp(data).metadata()).toMatchObject({ format: 'jpeg', width: 320, height: 180 });
    }
    expect(client.messages[0]?.data).not.toEqual(client.messages[1]?.data);
  });

  it('asks the camera for what the viewer wants, and stops when it leaves', async () => {
    const { url, camera } = await startServer();
    const plain = await Client.open(url, '/ws/video/door');
    await Client.open(url, '/ws/video/door?width=4000&overlay=off');
    expect(camera.watched).toEqual([
      { width: null, overlay: true },
      { width: null, overlay: false },
    ]);
    plain.socket.close();
    await until(() => camera.watched.length === 1);
    expect(camera.watched).toEqual([{ width: null, overlay: false }]);
  });

  it('sends each viewer no more frames a second than it asked for', async () => {
    const { url, camera } = await startServer();
    const slow = await Client.open(url, '/ws/video/door?fps=0.1');
    const fast = await Client.open(url, '/ws/video/door');
    for (let i = 0; i < 10; i += 1) await camera.emit();
    await fast.received(10);
    expect(slow.messages).toHaveLength(1);
  });

  it('shows the last picture of a camera that has gone', async () => {
    const { url, camera } = await startServer();
    await camera.emit();
    camera.set({ state: 'ended' });
    const client = await Client.open(url, '/ws/video/door');
    await client.received(1);
    expect((await sharp(client.messages[0]?.data).metadata()).format).toBe('jpeg');
  });

  it('drops frames for a viewer that does not read, and for nobody else', async () => {
    const camera = new FakeCamera({ width: 1280, height: 720, noise: true });
    const budget = 1024 * 1024;
    const { url, metrics } = await startServer({ cameras: [camera], limits: { pictureBudgetBytes: budget } });
    const stuck = await Client.open(url, '/ws/video/door');
    stuck.socket.pause();
    const reader = await Client.open(url, '/ws/video/door');
    await camera.emit();
    await reader.received(1);
    const frameBytes = reader.messages[0]?.data.length ?? 0;

    const memoryBefore = process.memoryUsage().arrayBuffers;
    const frames = 120;
    for (let sent = 1; sent < frames; sent += 1) {
      await camera.emit();
      await reader.received(sent + 1);
      reader.messages[sent - 1] = { data: Buffer.alloc(0), isBinary: true };
    }
    // 120 frames are over 100 MB; what the operating system takes and the budget are a few.
    expect(frames * frameBytes).toBeGreaterThan(60e6);
    expect(process.memoryUsage().arrayBuffers - memoryBefore).toBeLessThan(40e6);
    expect(reader.messages).toHaveLength(frames);
    expect(stuck.messages.length).toBeLessThan(frames / 2);
    const dropped = /viewer_frames_dropped_total\{camera="door",kind="video"\} (\d+)/.exec(
      await metrics.expose(),
    );
    expect(Number(dropped?.[1])).toBeGreaterThan(frames / 2);

    stuck.socket.resume();
    await until(() => stuck.messages.length >= frames - Number(dropped?.[1]));
    expect(stuck.messages.length).toBe(frames - Number(dropped?.[1]));
  });

  it('cuts a viewer that does not answer pings', async () => {
    const { url, camera } = await startServer({ limits: { heartbeatMs: 50 } });
    const alive = await Client.open(url, '/ws/video/door');
    const gone = await Client.open(url, '/ws/video/door', { autoPong: false });
    expect(await gone.closed).toBe(1006);
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
    await until(() => camera.watched.length === 1);
  });
});
