import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { domainToASCII } from 'node:url';
import type { ContentMemory } from './memory.js';
import type { ContextTable } from './types.generated.js';

/** A package whose list of domains a context table may take over. */
type PackageName = NonNullable<ContextTable['package']>;

const files: Readonly<Record<PackageName, readonly string[]>> = {
  'email-providers': ['email-providers/all.json'],
  'disposable-email-domains': [
    'disposable-email-domains/index.json',
    'disposable-email-domains/wildcard.json',
  ],
};

/** Domains of a package's lists: folded, sorted, each once. */
export function packageMembers(name: PackageName, memory: ContentMemory): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  const lists = files[name].map((file) => readFileSync(resolve(file)));
  return memory.list(lists, () => {
    const domains = lists
      .flatMap((list) => JSON.parse(list.toString()) as string[])
      .filter((domain) => !domain.includes('@'))
      .map(foldDomain);
    return [...new Set(domains)].sort();
  });
}

export function foldText(text: string): string {
  return text.trim().toLowerCase();
}

/** Lower case, and punycode where the name is not ASCII; what is no domain stays as it is. */
export function foldDomain(text: string): string {
  const folded = foldText(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
  return /^[\x00-\x7f]*$/.test(folded) ? folded : domainToASCII(folded) || folded;
}
