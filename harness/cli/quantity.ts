import { UsageFault } from '../usage-fault.js';

const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `90s`, `5m`, `1h`, `2d` or `0`. Throws UsageFault naming the option. */
export function readDuration(text: string, option: string): number {
  const [, size, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  const factor = milliseconds[unit];
  if (size !== undefined && factor !== undefined) return Number(size) * factor;
  throw new UsageFault(
    `--${option} cannot be '${text}'.`,
    'It takes a time such as 90s, 5m or 1h.',
  );
}

/** Lines a second of `50/s`, `600/m`, `50`. Throws UsageFault. */
export function readRate(text: string): number {
  const [, size, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(?:\/\s*(s|m|h))?$/.exec(text.trim()) ?? [];
  const factor = milliseconds[unit];
  if (size !== undefined && factor !== undefined && Number(size) > 0)
    return (Number(size) * 1000) / factor;
  throw new UsageFault(
    `--rate cannot be '${text}'.`,
    'It takes lines a time, such as 50/s or 600/m.',
  );
}

/** Seconds of log in a second of `60x`, `60`. Throws UsageFault. */
export function readSpeed(text: string): number {
  const size = /^(\d+(?:\.\d+)?)\s*x?$/i.exec(text.trim())?.[1];
  if (size !== undefined && Number(size) > 0) return Number(size);
  throw new UsageFault(`--speed cannot be '${text}'.`, 'It takes a factor such as 60x.');
}

/** Midnight UTC of `2024-01-01`. Throws UsageFault. */
export function readDay(text: string, option: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse takes the 31st of February for some day in March.
  if (Number.isFinite(time) && new Date(time).toISOString().startsWith(text)) return time;
  throw new UsageFault(`--${option} cannot be '${text}'.`, 'It takes a date such as 2024-01-01.');
}
