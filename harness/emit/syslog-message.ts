/** One line as a syslog message by RFC 5424. */

import type { PatienceOptions } from './patience.js';
import type { EmittedLine } from './receiver.js';

export interface SyslogOptions extends PatienceOptions {
  readonly host: string;
  readonly port: number;
  /** For messages: `syslog+tcp://host:601`. */
  readonly shown: string;
  /** HOSTNAME of every message: who claims to have written it. */
  readonly origin: string;
  /** In the structured part, so that the lines of two runs can be told apart. */
  readonly run: string;
  /** Milliseconds that the receiver has to close its side at the end. Default 5 000. */
  readonly farewell?: number;
}

/** Facility local0, severity informational. */
const priority = 16 * 8 + 6;
/** Private enterprise number that is set aside for examples; no other is ours to use. */
const enterprise = 32473;
const maxSequence = 2_147_483_647;

/** One message without its frame. The line is the message part as it is, in UTF-8 without a mark. */
export function syslogMessage(
  line: EmittedLine,
  { origin, run }: Pick<SyslogOptions, 'origin' | 'run'>,
): string {
  const time = new Date(line.time).toISOString();
  const sequence = ((line.id - 1) % maxSequence) + 1;
  return `<${priority}>1 ${time} ${origin} mimecast - ${line.log} [meta sequenceId="${sequence}"][leakdrill@${enterprise} run="${run}"] ${line.text}`;
}
