import { SingleBar } from 'cli-progress';
import type { Shell } from './shell.js';

/** A progress bar on stderr, not yet started. `format` names what the bar is started with. */
export function barOf(shell: Shell, format: string): SingleBar {
  return new SingleBar({
    stream: shell.stderr,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    fps: 10,
  });
}
