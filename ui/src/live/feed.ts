// Puts the events in order: snapshot first, then what came after it, once per frame; a gap fetches the snapshot again.
import type { Event } from '../bindings/Event';
import type { FleetPatch } from '../bindings/FleetPatch';
import type { Operation } from '../bindings/Operation';
import type { Snapshot } from '../bindings/Snapshot';
import { CommandError } from '../host';

/** Where the merged changes go. */
export interface Sink {
  snapshot(snapshot: Snapshot): void;
  changes(patches: FleetPatch[], operations: Operation[]): void;
  /** Events that only some views care about, in order: jobs, logs, plan progress. */
  aside(event: Event): void;
  failed(error: CommandError): void;
}

export interface Frames {
  /** Calls back before the next painting. */
  request(callback: () => void): void;
}

/** A gap that a fresh snapshot does not close is a fault elsewhere; asking on and on would only make it worse. */
const TRIES = 3;
const PAUSE_MS = 2000;

export class Feed {
  readonly #read: () => Promise<Snapshot>;
  readonly #sink: Sink;
  readonly #frames: Frames;
  /** The last event that is contained in what is shown; null until a snapshot came. */
  #seq: number | null = null;
  /** Events that came while a snapshot was on its way. */
  #early: Event[] = [];
  #waiting: Event[] = [];
  #reading = false;
  #again = false;
  #framed = false;

  constructor(read: () => Promise<Snapshot>, sink: Sink, frames: Frames) {
    this.#read = read;
    this.#sink = sink;
    this.#frames = frames;
  }

  /** Fetches the whole picture. Also after the channel was lost, since events may be missing. */
  async refetch(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      let tries = 0;
      do {
        if (tries >= TRIES) {
          this.#early = [];
          setTimeout(() => void this.refetch(), PAUSE_MS);
          return;
        }
        tries += 1;
        this.#again = false;
        const snapshot = await this.#read();
        this.#waiting = [];
        this.#seq = snapshot.seq;
        this.#sink.snapshot(snapshot);
        const early = this.#early;
        this.#early = [];
        for (const event of early) this.#take(event);
      } while (this.#again);
    } catch (thrown) {
      // The next snapshot will contain what came meanwhile.
      this.#early = [];
      this.#sink.failed(CommandError.from(thrown));
    } finally {
      this.#reading = false;
    }
  }

  receive(event: Event): void {
    if (this.#seq === null || this.#reading) this.#early.push(event);
    else this.#take(event);
  }

  #take(event: Event): void {
    if (this.#seq === null || event.seq <= this.#seq) return;
    if (event.seq !== this.#seq + 1) {
      this.#seq = null;
      this.#early = [event];
      if (this.#reading) this.#again = true;
      else void this.refetch();
      return;
    }
    this.#seq = event.seq;
    this.#waiting.push(event);
    if (this.#framed) return;
    this.#framed = true;
    this.#frames.request(() => this.#flush());
  }

  #flush(): void {
    this.#framed = false;
    const events = this.#waiting;
    this.#waiting = [];
    const patches: FleetPatch[] = [];
    const operations: Operation[] = [];
    for (const event of events) {
      if (event.body.kind === 'fleet') patches.push(event.body.patch);
      if (event.body.kind === 'operation') operations.push(event.body.operation);
    }
    if (patches.length > 0 || operations.length > 0) this.#sink.changes(patches, operations);
    for (const event of events) {
      if (event.body.kind !== 'fleet' && event.body.kind !== 'operation') this.#sink.aside(event);
    }
  }
}
