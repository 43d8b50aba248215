import type { Writable } from 'node:stream';

/** An output that may be a terminal. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Everything outside that a command may touch: main.ts gives the real one, tests give their own. */
export interface Shell {
  /** Results. */
  readonly stdout: Output;
  /** Progress, warnings and faults. */
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdinIsTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Width of an output in cells; 100 when it is no terminal. */
export const widthOf = (output: Output): number =>
  output.isTTY === true && output.columns ? output.columns : 100;

/** `wish` is the flag --color or --no-color; it wins over NO_COLOR, FORCE_COLOR and the terminal. */
export function wantsColor(shell: Shell, output: Output, wish: boolean | undefined): boolean {
  if (wish !== undefined) return wish;
  const { env } = shell;
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return output.isTTY === true && env['TERM'] !== 'dumb';
}

/** Resolves once the output has taken the text, so that long reports are not cut off at exit. */
export function write(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Paint = (tone: keyof typeof codes, text: string) => string;

/** Paints text in a colour, or leaves it alone. */
export const painter =
  (color: boolean): Paint =>
  (tone, text) =>
    color ? `\x1b[${codes[tone]}m${text}\x1b[0m` : text;
