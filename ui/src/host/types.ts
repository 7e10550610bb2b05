// What carries the commands and events, whichever program shows the page.
import type { Code } from '../bindings/Code';
import type { Commands } from '../bindings/commands';
import type { Error as Failure } from '../bindings/Error';
import type { Event } from '../bindings/Event';
import { trouble } from '../words/trouble';

export type Command = keyof Commands;
export type Request<C extends Command> = Commands[C]['request'];
export type Answer<C extends Command> = Commands[C]['answer'];

export interface Host {
  /** One call. Throws a CommandError, never anything else. */
  rpc<C extends Command>(command: C, request: Request<C>): Promise<Answer<C>>;
  /**
   * Every event from now on, in order. `onLink(true)` each time the channel is up (events may have been missed before
   * it), `onLink(false)` when it is lost. Returns what ends it.
   */
  subscribe(onEvent: (event: Event) => void, onLink: (up: boolean) => void): () => void;
}

/** A command that failed, in the words that Rust gave it. */
export class CommandError extends Error implements Failure {
  readonly code: Code;
  readonly words: string | null;
  readonly next: string | null;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'CommandError';
    this.code = failure.code;
    this.words = failure.words;
    this.next = failure.next;
  }

  /** Whatever was thrown, as a failure that can be shown. */
  static from(thrown: unknown): CommandError {
    if (thrown instanceof CommandError) return thrown;
    if (isFailure(thrown)) return new CommandError(thrown);
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    return new CommandError({ code: 'internal', message: trouble.strange, words, next: null });
  }
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
