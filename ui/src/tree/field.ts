// The filter as it stands in its field: tokens that are done, and what is being typed. Pure.
import type { FleetPicture } from '../live/fleet';
import { isBegun, isRight, pieces, textOf, tokenOf, type Token } from './filter';
import type { Lists } from './match';
import { isThere } from './suggest';

export interface Field {
  /** The filter's text for which it was made: another one comes from elsewhere. */
  filter: string;
  chips: readonly Token[];
  typed: string;
}

/** Of a text from elsewhere: every token is done, words are in the field. */
export function fieldOf(filter: string): Field {
  const all = pieces(filter);
  return { filter, chips: all.flatMap((piece) => tokenOf(piece) ?? []), typed: all.filter((piece) => tokenOf(piece) === null).join(' ') };
}

/** The piece at the end of what is typed; empty behind a blank. */
export function lastPiece(typed: string): string {
  const all = pieces(typed);
  const last = all.at(-1) ?? '';
  return typed.endsWith(last) ? last : '';
}

/** A half-typed token does not filter yet, nor one that cannot be: nothing must vanish for a letter that is still to come. */
function counted(typed: string, fleet: FleetPicture, lists: Lists): string[] {
  const last = lastPiece(typed);
  return pieces(typed).filter((piece, i, all) => {
    const token = tokenOf(piece);
    if (isBegun(piece) || (token !== null && !isRight(token))) return false;
    return token === null || i < all.length - 1 || piece !== last || isThere(token, fleet, lists);
  });
}

export function fieldWith(chips: readonly Token[], typed: string, fleet: FleetPicture, lists: Lists): Field {
  return { chips, typed, filter: [...chips.map(textOf), ...counted(typed, fleet, lists)].join(' ') };
}

/** Whole tokens in what is typed become chips. A value that cannot be stays, so that it can be put right. */
export function taken(field: Field, fleet: FleetPicture, lists: Lists): Field | null {
  const all = pieces(field.typed);
  const isDone = (piece: string): boolean => {
    const token = tokenOf(piece);
    return token !== null && isRight(token) && !/:"[^"]*$/.test(piece);
  };
  if (!all.some(isDone)) return null;
  const chips = [...field.chips];
  for (const piece of all.filter(isDone)) {
    const token = tokenOf(piece);
    if (token !== null && !chips.some((chip) => textOf(chip) === textOf(token))) chips.push(token);
  }
  return fieldWith(chips, all.filter((piece) => !isDone(piece)).join(' '), fleet, lists);
}
