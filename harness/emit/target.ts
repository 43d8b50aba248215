import { readFileSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import { UsageFault } from '../usage-fault.js';
import { elastic, splunk } from './dialects.js';
import { HttpReceiver } from './http.js';
import type { PatienceOptions } from './patience.js';
import type { Receiver, TlsTrust } from './receiver.js';
import { SyslogStreamReceiver } from './syslog.js';
import { SyslogDatagramReceiver } from './syslog-udp.js';

export interface TargetOptions extends PatienceOptions {
  readonly token: string | undefined;
  /** File with certificates of authorities, PEM. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly run: string;
  /** Host that the lines claim to come from. */
  readonly origin: string;
}

const ports: Readonly<Record<string, number>> = {
  'syslog+tcp:': 601,
  'syslog+tls:': 6514,
  'syslog+udp:': 514,
  'splunk+http:': 8088,
  'splunk+https:': 8088,
  'elastic+http:': 9200,
  'elastic+https:': 9200,
};
const known =
  'syslog+tcp://HOST:PORT, syslog+tls://HOST:PORT, syslog+udp://HOST:PORT, splunk+https://HOST:PORT, elastic+https://HOST:PORT/INDEX';
/** What an address for Splunk may set for all events. */
const splunkSettings: ReadonlySet<string> = new Set(['index', 'sourcetype', 'source', 'host']);

/**
 * Makes the receiver that an address names. Nothing is connected yet. Throws UsageFault when the
 * address or what belongs to it makes no sense.
 */
export function openTarget(address: string, options: TargetOptions): Receiver {
  const url = parse(address);
  const { protocol } = url;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (ports[protocol] ?? 0) : Number(url.port);
  const shown = `${protocol}//${url.hostname}:${port}${url.pathname === '/' ? '' : url.pathname}`;
  const trust = trustOf(options);
  // In a syslog header a host's name is ASCII without blanks, or a dash.
  const origin = domainToASCII(options.origin) || '-';
  const common = { ...options, origin, host, port, shown, trust };
  switch (protocol) {
    case 'syslog+tcp:':
      return new SyslogStreamReceiver(common);
    case 'syslog+tls:':
      return new SyslogStreamReceiver(common, trust);
    case 'syslog+udp:':
      return new SyslogDatagramReceiver(common);
    case 'splunk+http:':
    case 'splunk+https:': {
      if (options.token === undefined)
        throw new UsageFault(
          `${shown} needs a token.`,
          'Set LEAKDRILL_TOKEN (or --token) to that of the HTTP Event Collector.',
        );
      const settings = Object.fromEntries(url.searchParams);
      const strange = Object.keys(settings).find((name) => !splunkSettings.has(name));
      if (strange !== undefined)
        throw new UsageFault(
          `${shown}: there is no setting ${strange}.`,
          `Settings: ${[...splunkSettings].join(', ')}.`,
        );
      return new HttpReceiver(
        splunk({ token: options.token, settings, run: options.run, origin }),
        { ...common, tls: protocol === 'splunk+https:' },
      );
    }
    default: {
      const path = url.pathname.replace(/\/+$/, '');
      if (path === '')
        throw new UsageFault(
          `${shown} names no index.`,
          `Write ${protocol}//${url.host || 'HOST'}/INDEX.`,
        );
      return new HttpReceiver(
        elastic({
          path,
          parameters: url.search.replace(/^\?/, ''),
          authorization: authorizationOf(url, options.token),
          run: options.run,
          origin,
        }),
        { ...common, tls: protocol === 'elastic+https:' },
      );
    }
  }
}

function parse(address: string): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new UsageFault(`--to '${address}' is not an address.`, `Write one of ${known}.`);
  }
  if (ports[url.protocol] === undefined)
    throw new UsageFault(`--to cannot send to ${url.protocol}//.`, `Write one of ${known}.`);
  if (url.hostname === '')
    throw new UsageFault(`--to '${address}' names no host.`, `Write one of ${known}.`);
  return url;
}

/** A user in the address, with the password there or in the token; else the token is an API key. */
function authorizationOf(url: URL, token: string | undefined): string | undefined {
  if (url.username !== '') {
    const user = decodeURIComponent(url.username);
    const password = url.password === '' ? (token ?? '') : decodeURIComponent(url.password);
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }
  return token === undefined ? undefined : `ApiKey ${token}`;
}

function trustOf({ ca, insecure }: TargetOptions): TlsTrust {
  if (ca === undefined) return { ca: undefined, insecure };
  try {
    return { ca: readFileSync(ca), insecure };
  } catch (error) {
    throw new UsageFault(
      `--ca ${ca} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
      'Check the path.',
    );
  }
}
