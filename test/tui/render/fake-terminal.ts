// A terminal's output stream in memory: counts bytes, can refuse to take more, can change its size.
import { EventEmitter } from 'node:events';

export class FakeTerminal extends EventEmitter {
  columns: number;
  rows: number;
  writableNeedDrain = false;
  written: string[] = [];

  constructor(columns = 80, rows = 24) {
    super();
    this.columns = columns;
    this.rows = rows;
  }
  write(text: string): boolean {
    this.written.push(text);
    return true;
  }
  /** All that was written since the last call. */
  take(): string {
    const text = this.written.join('');
    this.written = [];
    return text;
  }
  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }
}

/** A keyboard that nobody touches, enough for ink. */
export class FakeKeyboard extends EventEmitter {
  readonly isTTY = true;
  raw = false;
  #pending: string[] = [];

  setEncoding(): this {
    return this;
  }
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  pause(): this {
    return this;
  }
  read(): string | null {
    return this.#pending.shift() ?? null;
  }
  press(bytes: string): void {
    this.#pending.push(bytes);
    this.emit('readable');
  }
}
