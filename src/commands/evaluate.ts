import type { Command } from 'commander';
import { evaluateDetectionCommand } from './evaluate-detection.js';
import { evaluateEmbedderCommand } from './evaluate-embedder.js';
import { evaluateGalleryCommand } from './evaluate-gallery.js';
import { evaluateLfwCommand } from './evaluate-lfw.js';
import { evaluateOpenSetCommand } from './evaluate-openset.js';
import { acceptOptionsFirst } from './group-options.js';

/** `sightline evaluate` */
export function evaluateCommand(command: Command): void {
  command
    .addCommand(evaluateDetectionCommand())
    .addCommand(evaluateLfwCommand())
    .addCommand(evaluateOpenSetCommand())
    .addCommand(evaluateGalleryCommand())
    .addCommand(evaluateEmbedderCommand());
  acceptOptionsFirst(command);
}
