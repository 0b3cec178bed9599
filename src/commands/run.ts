import type { Command } from 'commander';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { serve } from './serve.js';

interface RunOptions extends SharedOptions {
  readonly detector?: string;
  readonly loop?: boolean;
}

/** `sightline run [url…]` */
export function runCommand(command: Command): void {
  command
    .argument(
      '[url...]',
      'cameras: rtsp://, http://, a file, webcam: or test:; instead of those of the configuration. More can be added while it runs',
    )
    .option('--detector <kind>', 'auto, mediapipe, mtcnn or haar (default: auto)')
    .option('--loop', 'play files again when they end');
  withOptions(command, ['config', 'host', 'port', 'data', 'modelsDir', 'logLevel']);
  command.action(async (urls: string[], options: RunOptions) => {
    const cameras = urls.map((url) => ({ url, ...(options.loop === true && { loop: true }) }));
    const config = await configFrom(options, {
      ...(cameras.length > 0 && { cameras }),
      detector: { kind: options.detector },
    });
    await serve(config);
  });
}
