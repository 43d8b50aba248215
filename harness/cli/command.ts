import type { Invocation } from './arguments.js';
import type { Shell } from './shell.js';

/** A command: does its work, writes to the shell and says how it went. */
export type Command = (invocation: Invocation, shell: Shell) => Promise<number>;
