/**
 * A 64-bit digest of texts, as hex. It tells one program from another so that a snapshot is not
 * read into the wrong one; it is no protection against forgery. The engine has no access to a
 * platform's hash functions, being pure.
 */
export function digestOf(texts: Iterable<string>): string {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  for (const text of texts) {
    // The length goes in first: ['ab', 'c'] and ['a', 'bc'] differ.
    a = Math.imul(a ^ text.length, 0x85ebca6b);
    b = Math.imul(b ^ text.length, 0xc2b2ae35);
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit ^ (b >>> 13), 0x27d4eb2f);
    }
  }
  return [a, b].map((h) => finish(h).toString(16).padStart(8, '0')).join('');
}

function finish(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
