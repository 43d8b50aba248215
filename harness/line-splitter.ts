/**
 * Bytes to log lines, in constant memory. A line is what stands between line ends (\n, \r, \r\n), and
 * JSON that does not keep to lines is cut into records: pretty-printed objects, objects one after the
 * other, arrays, and the lists inside API answers, however long these are.
 *
 * Most input is one JSON object per line, and such a line is passed on after a look at its first and
 * last byte. Everything else that begins with { or [ goes through a scanner that knows strings,
 * nesting and where records may begin. Broken JSON must not swallow what follows it: a string cannot
 * hold a raw line end, and what a new line begins with must fit what stands before it; where either is
 * violated, the fragment is passed on (it will be reported as unparsed) and reading goes on behind it.
 *
 * What comes out does not depend on how the bytes are cut into chunks.
 *
 * Over 400 lines because lines and documents share one position in one piece of memory.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { type LineSource, type LogLine, recordListKeys } from '#engine';

export interface SplitFault {
  readonly lineNumber: number;
  readonly kind: 'cut' | 'open JSON' | 'invalid UTF-8';
}

export interface LineSplitter {
  /**
   * Log lines, or records of a JSON document, that are complete with these bytes, which the caller may
   * write over from then on. A text is often a piece of a longer one, which it keeps in memory: to be
   * copied by whoever keeps it for long.
   */
  push(chunk: Uint8Array): LogLine[];
  /** The end of the input: whatever is left. */
  end(): LogLine[];
  /** Line that is being read. */
  readonly lineNumber: number;
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;

/** Keys whose lists hold records. */
const listKeys: ReadonlySet<string> = new Set([...recordListKeys, 'fail']);
/** Keys with which the answers of APIs begin. */
const answerKeys: ReadonlySet<string> = new Set([
  'meta',
  '@nextPage',
  '@nextLink',
  '@odata.context',
  'isCaughtUp',
]);
const wrapperKeys: ReadonlySet<string> = new Set([...listKeys, ...answerKeys, 'type']);
/** Bytes that tell whether an object is a wrapper; longer keys belong to none. */
const LOOK_AHEAD = 128;

/** Containers: in LIST and ANSWER the scanner looks for records, the others it skips over. */
const LIST = 1;
const ANSWER = 2;
const PLAIN_LIST = 3;
const PLAIN_OBJECT = 4;
const MAX_TRACKED_DEPTH = 4096;
/** Bytes that are made one text, of which the lines are pieces; and those looked at as one for being ASCII. */
const SHARED = 512 * 1024;
const BLOCK = 2048;

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === LF || byte === CR;
}

function beginsValue(byte: number): boolean {
  return (
    byte === OPEN ||
    byte === OPEN_LIST ||
    byte === QUOTE ||
    byte === 45 ||
    (byte >= 48 && byte <= 57) ||
    byte === 102 ||
    byte === 110 ||
    byte === 116
  );
}

/**
 * @param limit bytes of a line beyond which it is cut
 * @param offset an id is this and the number of the line on which the text begins, from 1
 */
export function createLineSplitter(
  limit: number,
  fault: (fault: SplitFault) => void,
  offset = 0,
): LineSplitter {
  return new Splitter(limit, fault, offset);
}

class Splitter implements LineSplitter {
  lineNumber = 1;
  /** The bytes at hand: the beginning of `room`. */
  private buffer: Buffer = Buffer.alloc(0);
  private room: Buffer = Buffer.alloc(0);
  private source: LineSource = { bytes: undefined };
  /** First byte that is not dealt with. */
  private at = 0;
  private final = false;
  private out: LogLine[] = [];
  private nextLf = -1;
  private nextCr = -1;
  private nextJoin = -1;
  /** Of the bytes at hand, once that is asked; `unknown`: not all of them are UTF-8. */
  private encoding: 'ascii' | 'utf8' | 'unknown' | undefined;
  /** The bytes at hand as a text, each a character, once that is asked for; lines of ASCII are pieces of it. */
  private bytes: string | undefined;
  /** By block of the bytes at hand, whether it is ASCII; undefined when all are. */
  private plainBlocks: boolean[] | undefined;
  /** How the last object began that was no answer: `{"key"`. */
  private plainHead: Uint8Array = new Uint8Array(0);
  private readonly limit: number;
  private readonly fault: (fault: SplitFault) => void;
  private readonly offset: number;

  private skipping = false;
  private afterDocument = false;
  private started = false;

  private inDocument = false;
  private readonly stack: number[] = [];
  private depth = 0;
  private inString = false;
  private escaped = false;
  private stringStart = -1;
  /** Last byte that was neither white space nor inside a string; QUOTE after a string. */
  private last = 0;
  /** At the beginning of a line, where the next byte is checked against `last`. */
  private fresh = false;
  private afterCr = false;
  private documentLine = 1;
  /** Where the record begins that is being read; -1 between records. */
  private recordStart = -1;
  private recordLine = 1;
  private recordDepth = 0;
  private isScalar = false;
  private recordCut = false;
  /** Where an answer begins that has shown no list yet. */
  private answerStart = -1;
  private answerLine = 1;
  private key = '';

  constructor(limit: number, fault: (fault: SplitFault) => void, offset: number) {
    this.limit = limit;
    this.fault = fault;
    this.offset = offset;
  }

  push(chunk: Uint8Array): LogLine[] {
    this.append(chunk);
    return this.drain();
  }

  end(): LogLine[] {
    this.final = true;
    return this.drain();
  }

  private drain(): LogLine[] {
    this.out = [];
    if (!this.started) {
      if (this.buffer.length < 3 && !this.final) return this.out;
      this.started = true;
      if (this.buffer[0] === 0xef && this.buffer[1] === 0xbb && this.buffer[2] === 0xbf)
        this.at = 3;
    }
    for (;;) {
      const more = this.inDocument ? this.readDocument() : this.readLine();
      if (!more) break;
    }
    return this.out;
  }

  /**
   * Puts the chunk behind the bytes that are still needed, in one piece of memory that is used again for
   * each chunk. It doubles for a long line, which comes in many chunks and would else be copied for each.
   */
  private append(chunk: Uint8Array): void {
    this.source.bytes = undefined;
    const keep = this.keepFrom();
    const rest = this.buffer.length - keep;
    const length = rest + chunk.length;
    let { room } = this;
    if (length > room.length) {
      room = Buffer.allocUnsafeSlow(2 * length);
      room.set(this.buffer.subarray(keep));
      this.room = room;
    } else if (keep > 0) room.copyWithin(0, keep, keep + rest);
    room.set(chunk, rest);
    this.buffer = room.subarray(0, length);
    this.source = { bytes: this.buffer };
    this.at -= keep;
    if (this.recordStart !== -1) this.recordStart -= keep;
    if (this.answerStart !== -1) this.answerStart -= keep;
    if (this.stringStart !== -1) this.stringStart -= keep;
    this.nextLf = -1;
    this.nextCr = -1;
    this.nextJoin = -1;
    this.encoding = undefined;
    this.bytes = undefined;
  }

  private keepFrom(): number {
    let keep = this.at;
    if (this.recordStart !== -1 && !this.recordCut) keep = Math.min(keep, this.recordStart);
    if (this.answerStart !== -1) keep = Math.min(keep, this.answerStart);
    if (this.stringStart !== -1) keep = Math.min(keep, this.stringStart);
    return keep;
  }

  /** Position of the next line end, or -1; remembered, so that a long line is searched once. */
  private lineEnd(from: number): number {
    if (this.nextLf < from) this.nextLf = this.find('\n', from);
    if (this.nextCr < from) this.nextCr = this.find('\r', from);
    const end = Math.min(this.nextLf, this.nextCr);
    return end === Number.MAX_SAFE_INTEGER ? -1 : end;
  }

  /** Texts are searched without the way out of the virtual machine that buffers take. */
  private find(what: string, from: number): number {
    const found = (this.shared() ?? this.buffer).indexOf(what, from);
    return found === -1 ? Number.MAX_SAFE_INTEGER : found;
  }

  private joinBefore(from: number, end: number): boolean {
    if (this.nextJoin < from) this.nextJoin = this.find('}{', from);
    return this.nextJoin < end;
  }

  /** One line, or the beginning of a document. False when more bytes are needed. */
  private readLine(): boolean {
    const { buffer } = this;
    if (this.afterDocument) {
      this.skipSeparators();
      if (this.at >= buffer.length) return false;
      this.afterDocument = false;
      // Another object behind the one that ended; what is no JSON is a line of its own.
      if (buffer[this.at] === OPEN) return this.enterDocument();
    }
    if (this.at >= buffer.length) return false;
    let end = this.lineEnd(this.at);
    if (end === -1) {
      if (!this.final) {
        // A list or answer may be endless: it is read as it comes. Anything else waits for its end.
        if (this.skipping) this.at = buffer.length;
        else if (this.beginsDocument(this.at, buffer.length, false) === true)
          return this.enterDocument();
        if (buffer.length - this.at > this.limit) {
          if (this.beginsObject()) return this.enterDocument();
          this.cutLine(buffer.length);
        }
        return false;
      }
      end = buffer.length;
    }
    // The second byte of \r\n may be in the next chunk.
    if (buffer[end] === CR && end + 1 === buffer.length && !this.final) return false;
    if (this.skipping) this.skipping = false;
    else {
      const begins =
        end - this.at > this.limit && this.beginsObject()
          ? true
          : this.beginsDocument(this.at, end, true);
      if (begins === true) return this.enterDocument();
      if (begins === undefined) return false;
      if (end - this.at > this.limit) {
        this.cutLine(end);
        this.skipping = false;
      } else if (end > this.at && !this.isBlankLine(end)) this.emit(this.at, end, this.lineNumber);
    }
    this.at = end + (buffer[end] === CR && buffer[end + 1] === LF ? 2 : 1);
    this.lineNumber++;
    return this.at < buffer.length;
  }

  private isBlankLine(end: number): boolean {
    let at = this.at;
    while (at < end && isBlank(this.buffer[at] ?? 0)) at++;
    return at === end;
  }

  /**
   * A line that is too long but begins an object may be many objects without a line end between them;
   * the scanner takes these apart, and cuts what really is one.
   */
  private beginsObject(): boolean {
    let at = this.at;
    while (isBlank(this.buffer[at] ?? 0)) at++;
    return this.buffer[at] === OPEN;
  }

  private cutLine(end: number): void {
    this.emit(this.at, this.at + this.limit, this.lineNumber);
    this.fault({ lineNumber: this.lineNumber, kind: 'cut' });
    this.skipping = true;
    this.at = end;
  }

  /**
   * Whether the scanner has to read what begins here. Undefined: more bytes are needed to tell.
   * `whole` says that the line's end is known; without it only lists and answers are begun.
   */
  private beginsDocument(from: number, end: number, whole: boolean): boolean | undefined {
    const { buffer } = this;
    let start = from;
    while (start < end && isBlank(buffer[start] ?? 0)) start++;
    if (start === end) return false;
    const first = buffer[start];
    if (first === OPEN_LIST) {
      let next = start + 1;
      while (next < end && isBlank(buffer[next] ?? 0)) next++;
      if (next === end) return whole;
      const byte = buffer[next];
      // [ at the beginning of a text line is more often a time stamp than a list.
      return byte === OPEN || byte === OPEN_LIST || byte === CLOSE_LIST;
    }
    if (first !== OPEN) return false;
    const isWrapper = this.isAnswer(start);
    if (isWrapper === true) return true;
    if (!whole) return undefined;
    if (isWrapper === undefined && !this.final) return undefined;
    let last = end - 1;
    while (last > start && isBlank(buffer[last] ?? 0)) last--;
    return buffer[last] !== CLOSE || this.joinBefore(start, end);
  }

  /** Whether the object at `from` is an API's answer around records. */
  private isAnswer(from: number): boolean | undefined {
    const { buffer } = this;
    // Most records begin {"key": with a key that no wrapper has, and it is the same for all of a log.
    if (this.beginsAsBefore(from)) return false;
    if (buffer[from + 1] === QUOTE) {
      const end = buffer.indexOf(QUOTE, from + 2);
      if (
        end !== -1 &&
        !wrapperKeys.has(buffer.toString('latin1', from + 2, Math.min(end, from + 42)))
      ) {
        if (end < from + 42) this.plainHead = new Uint8Array(buffer.subarray(from, end + 1));
        return false;
      }
    }
    const head = this.buffer.toString(
      'latin1',
      from,
      Math.min(from + LOOK_AHEAD, this.buffer.length),
    );
    const m = /^\{\s*"([^"\\]{1,40})"\s*:\s*("[^"]*"|\S)/.exec(head);
    if (m === null)
      return head.length < LOOK_AHEAD && !this.final && !/^\{\s*[^\s"]/.test(head)
        ? undefined
        : false;
    const [, key = '', value = ''] = m;
    if (key === 'type') {
      if (value === '"' && head.length < LOOK_AHEAD && !this.final) return undefined;
      return value === '"MTA"';
    }
    return (listKeys.has(key) && value === '[') || answerKeys.has(key);
  }

  private beginsAsBefore(from: number): boolean {
    const { buffer, plainHead } = this;
    const { length } = plainHead;
    let same = 0;
    while (same < length && buffer[from + same] === plainHead[same]) same++;
    return same === length && length > 0;
  }

  private enterDocument(): boolean {
    this.inDocument = true;
    this.stack.length = 0;
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
    this.stringStart = -1;
    this.last = 0;
    this.fresh = false;
    this.afterCr = false;
    this.documentLine = this.lineNumber;
    this.recordStart = -1;
    this.answerStart = -1;
    this.isScalar = false;
    this.recordCut = false;
    return true;
  }

  private leaveDocument(): void {
    this.inDocument = false;
    this.recordStart = -1;
    this.answerStart = -1;
    this.stringStart = -1;
  }

  private top(): number {
    return this.depth === 0 ? 0 : (this.stack[this.depth - 1] ?? PLAIN_OBJECT);
  }

  private open(container: number): void {
    if (this.depth < MAX_TRACKED_DEPTH) this.stack[this.depth] = container;
    this.depth++;
  }

  /** Reads on in a document. True when it ended, and lines follow. */
  private readDocument(): boolean {
    const { buffer } = this;
    const length = buffer.length;
    while (this.at < length) {
      const byte = buffer[this.at] as number;
      if (this.inString) {
        if (!this.readString(byte)) return true;
        continue;
      }
      if (isSpace(byte)) {
        if (this.isScalar && this.recordStart !== -1) this.endRecord(this.at);
        this.space(byte);
        continue;
      }
      this.afterCr = false;
      if (this.fresh) {
        this.fresh = false;
        if (!this.fits(byte)) {
          this.breakOff(this.at);
          return true;
        }
      }
      const step = this.structure(byte);
      if (step === 'wait') return false;
      if (step === 'done') return true;
    }
    if (this.recordStart !== -1 && !this.recordCut && this.at - this.recordStart > this.limit)
      this.cutRecord();
    // Neither a key nor an answer's head is that long; what is longer is not kept for them.
    if (this.stringStart !== -1 && this.at - this.stringStart > 1024) this.stringStart = -1;
    if (this.answerStart !== -1 && this.at - this.answerStart > this.limit) this.answerStart = -1;
    if (!this.final) return false;
    this.breakOff(length);
    return false;
  }

  private space(byte: number): void {
    this.at++;
    if (byte === LF && this.afterCr) {
      this.afterCr = false;
      return;
    }
    this.afterCr = byte === CR;
    if (byte !== LF && byte !== CR) return;
    this.lineNumber++;
    this.fresh = true;
  }

  /** False when the string is broken by a line end. */
  private readString(byte: number): boolean {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) {
      this.inString = false;
      if (this.stringStart !== -1) {
        this.key = this.buffer.toString('latin1', this.stringStart, this.at);
        this.stringStart = -1;
      }
    } else if (byte === LF || byte === CR) {
      this.breakOff(this.at);
      return false;
    }
    this.at++;
    return true;
  }

  /** Whether a line of the document may begin with this byte. */
  private fits(byte: number): boolean {
    const container = this.top();
    if (this.depth === 0 || this.depth > MAX_TRACKED_DEPTH) return true;
    const { last } = this;
    if (container === LIST || container === PLAIN_LIST) {
      if (last === OPEN_LIST || last === COMMA) return byte === CLOSE_LIST || beginsValue(byte);
      return byte === COMMA || byte === CLOSE_LIST;
    }
    if (last === OPEN) return byte === QUOTE || byte === CLOSE;
    if (last === COMMA) return byte === QUOTE;
    if (last === COLON) return beginsValue(byte);
    return byte === COMMA || byte === CLOSE || (last === QUOTE && byte === COLON);
  }

  private structure(byte: number): 'on' | 'wait' | 'done' {
    const container = this.top();
    if (byte === QUOTE) {
      if (container === ANSWER && (this.last === OPEN || this.last === COMMA))
        this.stringStart = this.at + 1;
      else if (container === LIST && this.recordStart === -1) this.beginRecord(true);
      this.inString = true;
      this.last = QUOTE;
      this.at++;
      return 'on';
    }
    if (byte === OPEN || byte === OPEN_LIST) return this.openContainer(byte, container);
    if (byte === CLOSE || byte === CLOSE_LIST) return this.closeContainer(byte);
    if (byte === COMMA) {
      if (this.isScalar && this.recordStart !== -1) this.endRecord(this.at);
    } else if (container === LIST && this.recordStart === -1) this.beginRecord(true);
    this.last = byte;
    this.at++;
    return 'on';
  }

  private openContainer(byte: number, container: number): 'on' | 'wait' {
    const looks = container === LIST || this.depth === 0;
    if (byte === OPEN_LIST) {
      const isRecords =
        this.recordStart === -1 &&
        (looks || (container === ANSWER && listKeys.has(this.key) && this.last === COLON));
      if (isRecords) this.answerStart = -1;
      this.open(isRecords ? LIST : PLAIN_LIST);
    } else if (looks && this.recordStart === -1) {
      const isAnswer = this.isAnswer(this.at);
      if (isAnswer === undefined) return 'wait';
      if (isAnswer) {
        this.answerStart = this.at;
        this.answerLine = this.lineNumber;
        this.open(ANSWER);
      } else {
        this.beginRecord(false);
        this.open(PLAIN_OBJECT);
      }
    } else this.open(PLAIN_OBJECT);
    this.last = byte;
    this.at++;
    return 'on';
  }

  private closeContainer(byte: number): 'on' | 'done' {
    if (this.isScalar && this.recordStart !== -1) this.endRecord(this.at);
    this.at++;
    this.last = byte;
    if (this.depth > 0) this.depth--;
    if (this.recordStart !== -1 && this.depth === this.recordDepth) this.endRecord(this.at);
    else if (this.answerStart !== -1 && this.stack[this.depth] === ANSWER) {
      // An answer without any list: passed on as it is, so that it is not lost without a word.
      this.emit(this.answerStart, this.at, this.answerLine);
      this.answerStart = -1;
    }
    if (this.depth > 0) return 'on';
    this.leaveDocument();
    this.afterDocument = true;
    return 'done';
  }

  /** Behind a document: commas, and the end of its line. */
  private skipSeparators(): void {
    const { buffer } = this;
    while (this.at < buffer.length) {
      const byte = buffer[this.at] as number;
      if (!isBlank(byte) && byte !== COMMA) break;
      this.at++;
    }
  }

  private beginRecord(isScalar: boolean): void {
    this.recordStart = this.at;
    this.recordLine = this.lineNumber;
    this.recordDepth = this.depth;
    this.isScalar = isScalar;
    this.recordCut = false;
  }

  private endRecord(end: number): void {
    if (!this.recordCut) {
      if (end - this.recordStart > this.limit) this.cutRecord();
      else this.emit(this.recordStart, end, this.recordLine);
    }
    this.recordStart = -1;
    this.isScalar = false;
    this.recordCut = false;
  }

  private cutRecord(): void {
    this.emit(this.recordStart, this.recordStart + this.limit, this.recordLine);
    this.fault({ lineNumber: this.recordLine, kind: 'cut' });
    this.recordCut = true;
  }

  /** The document is broken: what was read of the open record is passed on, and lines follow from `end`. */
  private breakOff(end: number): void {
    const isRecord = this.recordStart !== -1;
    this.fault({ lineNumber: isRecord ? this.recordLine : this.documentLine, kind: 'open JSON' });
    if (isRecord && !this.recordCut) {
      let last = end;
      while (last > this.recordStart && isSpace(this.buffer[last - 1] ?? 0)) last--;
      this.emit(this.recordStart, last, this.recordLine);
    }
    this.leaveDocument();
    this.at = end;
  }

  private emit(from: number, to: number, lineNumber: number): void {
    const end = Math.min(to, from + this.limit);
    if (this.encoding === undefined) this.look();
    const bytes = this.shared();
    let text: string;
    if (bytes !== undefined && this.isPlain(from, end)) text = bytes.slice(from, end);
    else {
      if (this.encoding === 'unknown' && !isUtf8(this.buffer.subarray(from, end)))
        this.fault({ lineNumber, kind: 'invalid UTF-8' });
      text = this.buffer.toString(this.encoding === 'ascii' ? 'latin1' : 'utf8', from, end);
    }
    this.out.push({ id: this.offset + lineNumber, text, source: this.source, start: from, end });
  }

  /** One look at all bytes at hand is cheaper than one for each line; most logs are nearly all ASCII. */
  private look(): void {
    const { buffer } = this;
    this.encoding = isAscii(buffer) ? 'ascii' : isUtf8(buffer) ? 'utf8' : 'unknown';
    this.plainBlocks = undefined;
    if (this.encoding === 'ascii' || buffer.length > SHARED) return;
    this.plainBlocks = [];
    for (let at = 0; at < buffer.length; at += BLOCK)
      this.plainBlocks.push(isAscii(buffer.subarray(at, at + BLOCK)));
  }

  /** The bytes at hand as one text. A piece keeps all of it in memory, which must not be a line of 16 MiB. */
  private shared(): string | undefined {
    if (this.bytes === undefined && this.buffer.length <= SHARED)
      this.bytes = this.buffer.toString('latin1');
    return this.bytes;
  }

  private isPlain(from: number, end: number): boolean {
    const { plainBlocks } = this;
    if (plainBlocks === undefined) return true;
    const last = Math.floor((end - 1) / BLOCK);
    for (let block = Math.floor(from / BLOCK); block <= last; block++)
      if (plainBlocks[block] !== true) return false;
    return true;
  }
}
