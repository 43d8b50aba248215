import { UsageFault } from '../usage-fault.js';

/** Codes of errors that waiting does not mend. */
const certificate =
  /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH/;
const protocol = /^(EPROTO|ERR_SSL_|ERR_TLS_)/;

/** What to do about an error that would come back at every try; undefined when a retry may help. */
function hopeless(error: Error): string | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOTFOUND') return 'There is no host of that name; check the address.';
  if (certificate.test(code))
    return 'The certificate is not trusted. --ca FILE names the authority that signed it; --insecure checks nothing.';
  if (protocol.test(code)) return 'The receiver does not speak TLS there; check scheme and port.';
  return undefined;
}

/** The code of a system error, or its words. */
export function reasonOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

/** Throws UsageFault for an error that would come back at every try. */
export function throwIfHopeless(error: Error, shown: string): void {
  const advice = hopeless(error);
  if (advice !== undefined) throw new UsageFault(`${shown}: ${error.message}.`, advice);
}
