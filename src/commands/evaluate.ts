import { Command } from 'commander';
import { evaluateDetectionCommand } from './evaluate-detection.js';
import { evaluateGalleryCommand } from './evaluate-gallery.js';
import { evaluateLfwCommand } from './evaluate-lfw.js';

/** `sightline evaluate` */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('Measure how good detection and recognition are')
    .addCommand(evaluateDetectionCommand())
    .addCommand(evaluateLfwCommand())
    .addCommand(evaluateGalleryCommand());
}
