const parts: [string, string] = ['', ''];

/**
 * A text that stands by itself. A piece of a text points into it and would keep the whole line in
 * memory for as long as the piece is known; so what decodes a line hands out no pieces of it. Joined and not put together with `+`, since only that leaves
 * the characters in one row, where maps and comparisons find them without a detour.
 */
export function copied(text: string): string {
  if (text.length < 13) return text;
  parts[0] = text.charAt(0);
  parts[1] = text.slice(1);
  const own = parts.join('');
  parts[1] = '';
  return own;
}

/** Answers remembered, a power of two. Few, so that they stay in the fast part of memory. */
const slots = 512;
const maxLength = 80;

/**
 * The same function, which remembers its latest answers about short texts:
 * the lines of a message repeat its addresses, and the same people write to each other. A few characters
 * say where an answer is kept, since a hash of all would cost as much as most answers.
 */
export function recent<T>(of: (text: string) => T): (text: string) => T {
  const texts = new Array<string>(slots).fill('');
  const answers = new Array<T | undefined>(slots).fill(undefined);
  return (text) => {
    const { length } = text;
    if (length < 4 || length > maxLength) return of(text);
    const middle = length >> 1;
    const hash =
      text.charCodeAt(0) * 7 +
      text.charCodeAt(1) * 31 +
      text.charCodeAt(3) * 131 +
      text.charCodeAt(middle - 1) * 17 +
      text.charCodeAt(middle) * 67 +
      length * 257;
    const slot = (hash ^ (hash >> 9)) & (slots - 1);
    if (texts[slot] === text) return answers[slot] as T;
    const answer = of(text);
    texts[slot] = text;
    answers[slot] = answer;
    return answer;
  };
}
