import { Command } from 'commander';
import { evaluateDetectionCommand } from './evaluate-detection.js';
import { evaluateGalleryCommand } from './evaluate-gallery.js';
import { evaluateLfwCommand } from './evaluate-lfw.js';
import { acceptOptionsFirst } from './group-options.js';

/** `sightline evaluate` */
export function evaluateCommand(): Command {
  const group = new Command('evaluate')
    .description('Measure how good detection and recognition are')
    .addCommand(evaluateDetectionCommand())
    .addCommand(evaluateLfwCommand())
    .addCommand(evaluateGalleryCommand());
  return acceptOptionsFirst(group);
}
