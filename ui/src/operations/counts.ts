// Figures of an operation's jobs, and how an operation stands in one word.
import type { JobCounts } from '../bindings/JobCounts';
import type { Operation } from '../bindings/Operation';
import type { GlyphName } from '../parts/Glyph';
import type { Tone } from '../parts/Status';
import { words } from '../words/en';

const text = words.operations;

export function allJobs(counts: JobCounts): number {
  return counts.waiting + counts.running + doneJobs(counts);
}

/** Jobs that nothing will change any more, however they ended. */
export function doneJobs(counts: JobCounts): number {
  return counts.succeeded + counts.failed + counts.skipped + counts.cancelled + counts.interrupted;
}

export function failedJobs(counts: JobCounts): number {
  return counts.failed + counts.interrupted;
}

export interface Standing {
  tone: Tone;
  glyph: GlyphName;
  word: string;
}

export function standing(operation: Operation): Standing {
  const { counts } = operation;
  const all = allJobs(counts);
  if (operation.endedAt === null) {
    if (operation.cancelling) return { tone: 'busy', glyph: 'busy', word: text.cancelling };
    if (counts.running === 0 && doneJobs(counts) === 0) return { tone: 'mute', glyph: 'wait', word: text.stepStates.waiting };
    const doing = operation.now === null ? text.stepStates.running : text.steps[operation.now.kind].doing;
    return { tone: 'busy', glyph: 'busy', word: doing };
  }
  const failed = failedJobs(counts);
  if (failed > 0) return { tone: 'error', glyph: 'err', word: all === 1 ? text.ended.failed : text.ended.partly(failed, all) };
  if (counts.cancelled > 0) return { tone: 'mute', glyph: 'uns', word: text.ended.cancelled };
  if (counts.succeeded === 0) return { tone: 'mute', glyph: 'uns', word: text.ended.nothing };
  if (counts.skipped > 0) return { tone: 'ok', glyph: 'ok', word: `${text.done}, ${text.ended.skipped(counts.skipped, all)}` };
  return { tone: 'ok', glyph: 'ok', word: text.done };
}

/** One line: `41 of 43 LXCs connected, 1 failed`. */
export function summaryOf(operation: Operation): string {
  const { counts } = operation;
  // “Images updated” says what was done, and does not follow a number of LXCs.
  const plain = operation.endedAt === null || operation.kind === 'updateImages';
  const result = plain ? text.counts.succeeded : text.results[operation.kind];
  return text.summary(counts.succeeded, allJobs(counts), result, failedJobs(counts));
}
