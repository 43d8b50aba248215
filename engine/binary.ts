/**
 * A growing binary buffer for snapshots. Little endian; text is UTF-8 with a length before it.
 * Whatever one stage writes it reads back in the same order: there are no tags inside a stage.
 */
export class BinaryWriter {
  private bytes = new Uint8Array(1 << 16);
  private view = new DataView(this.bytes.buffer);
  private length = 0;
  private readonly encoder = new TextEncoder();

  /** Call before `bytes` or `view` is looked at: both are others once there was no room. */
  private reserve(more: number): number {
    const at = this.length;
    this.length += more;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.view.setUint8(at, value);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }

  f64(value: number): void {
    const at = this.reserve(8);
    this.view.setFloat64(at, value, true);
  }

  text(value: string): void {
    this.raw(this.encoder.encode(value));
  }

  /** undefined is kept apart from the empty text. */
  optionalText(value: string | undefined): void {
    this.u8(value === undefined ? 0 : 1);
    if (value !== undefined) this.text(value);
  }

  raw(value: Uint8Array): void {
    this.u32(value.length);
    const at = this.reserve(value.length);
    this.bytes.set(value, at);
  }

  /** For small irregular values; NaN and undefined do not survive, so keep those out of it. */
  json(value: unknown): void {
    this.text(JSON.stringify(value));
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Reads what BinaryWriter wrote. Reading past the end throws RangeError. */
export class BinaryReader {
  private at = 0;
  private readonly view: DataView;
  private readonly decoder = new TextDecoder();
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    this.at += 1;
    return this.view.getUint8(this.at - 1);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  f64(): number {
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }

  text(): string {
    return this.decoder.decode(this.raw());
  }

  optionalText(): string | undefined {
    return this.u8() === 0 ? undefined : this.text();
  }

  raw(): Uint8Array {
    const length = this.u32();
    if (this.at + length > this.bytes.length) throw new RangeError('snapshot ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  json(): unknown {
    return JSON.parse(this.text());
  }

  get done(): boolean {
    return this.at === this.bytes.length;
  }
}
