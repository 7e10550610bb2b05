// What is said of tags that are newer than the one in use, and of the page that tells what is new. Pure.
import type { Newer } from '../bindings/Newer';
import type { NewerTags } from '../bindings/NewerTags';
import { words } from '../words/en';
import { age } from '../words/format';

const text = words.images.newer;

export interface Jump {
  kind: keyof Newer;
  tag: string;
}

/** From the smallest jump to the largest. */
export function jumpsOf({ newer }: NewerTags): Jump[] {
  return (['patch', 'minor', 'major'] as const).flatMap((kind) => (newer[kind] === null ? [] : { kind, tag: newer[kind] }));
}

/** Nobody has asked, or nothing newer was listed: there is nothing to name either way. */
export const hasJumps = (newer: NewerTags | null): newer is NewerTags => newer !== null && jumpsOf(newer).length > 0;

const ago = (at: number, now: number): string => words.cluster.since(age(at, now));
export const listedInWords = ({ at }: NewerTags, now: number): string => text.listed(ago(at, now));
export const noneInWords = ({ at }: NewerTags, now: number): string => text.none(ago(at, now));

/** `Newer tags: 1.27.4 (patch), 2.0.0 (major) · Listed 3 h ago`. */
export function newerInWords(newer: NewerTags, now: number): string {
  return `${text.head}${jumpsOf(newer).map(({ kind, tag }) => `${tag} ${text.jumps[kind]}`).join(', ')} · ${listedInWords(newer, now)}`;
}

/** It is written by whoever made the image: only what a browser shows as a page becomes a link. */
export const pageOf = (notes: string | null): string | null => (notes !== null && /^https?:\/\//i.test(notes) ? notes : null);
