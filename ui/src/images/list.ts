// The images of the fleet as a flat list of rows: images, and below an opened one each LXC that uses it. Pure.
import type { FleetImage } from '../bindings/FleetImage';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { ImageUse } from '../bindings/ImageUse';
import type { NewerTags } from '../bindings/NewerTags';
import { familiar, imageKey, rankOf, type Standing, standingOf, together } from '../panel/images';
import { pageOf } from '../panel/newer';

export type Only = 'all' | 'updates' | 'unclear';

export type Row =
  | { kind: 'image'; key: string; image: FleetImage; sums: Sums; news: News; open: boolean }
  | { kind: 'news'; key: string; image: FleetImage; news: News }
  | { kind: 'use'; key: string; image: FleetImage; use: ImageUse; news: News };

/** Newer tags and notes, each none where it is not known. */
export type News = Pick<ImageInUse, 'newer' | 'notes'>;

/** How its uses stand. What is known from an earlier time only is never part of what stands so today. */
export interface Sums extends Record<Standing, number> {
  old: number;
  lxcs: number;
  containers: number;
}

const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export const keyOf = ({ registry, image }: FleetImage): string => `${registry ?? ''}/${image}`;
const keyOfUse = (use: ImageUse): string => `${use.guest}/${imageKey(use.inUse)}`;

export function sumsOf({ uses }: FleetImage): Sums {
  const sums: Sums = { update: 0, unclear: 0, current: 0, quiet: 0, old: 0, lxcs: new Set(uses.map(({ guest }) => guest)).size, containers: 0 };
  for (const { old, inUse } of uses) {
    sums[old ? 'old' : standingOf(inUse.checked.state)] += 1;
    sums.containers += inUse.containers.length;
  }
  return sums;
}

export const isPastOnly = ({ update, unclear, current, quiet }: Sums): boolean => update + unclear + current + quiet === 0;

/** Of an image that is only known from an earlier time nobody can say either how it stands. */
export const isUnclear = (sums: Sums): boolean => sums.unclear > 0 || isPastOnly(sums);

const isWanted = (sums: Sums, only: Only): boolean => only === 'all' || (only === 'updates' ? sums.update > 0 : isUnclear(sums));

/** Two spellings of one name in one guest are one use of it. */
export function withoutDoubles(images: readonly FleetImage[]): FleetImage[] {
  return images.map((image) => {
    const uses = new Map<string, ImageUse>();
    for (const use of image.uses) {
      const known = uses.get(keyOfUse(use));
      uses.set(keyOfUse(use), known === undefined ? use : { ...known, inUse: together(known.inUse, use.inUse) });
    }
    return { ...image, uses: [...uses.values()] };
  });
}

/** Every word must be found: in the image or in one of its uses, which then are all that is shown of it. */
export function search(images: readonly FleetImage[], text: string): readonly FleetImage[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return images;
  return images.flatMap((image) => {
    const uses = image.uses.filter(({ vmid, name, node, cluster, inUse }) => {
      const said = [image.image, image.registry ?? '', name, vmid, node, cluster, ...inUse.containers].join(' ').toLowerCase();
      return wanted.every((word) => said.includes(word));
    });
    return uses.length === 0 ? [] : [{ ...image, uses }];
  });
}

export interface Shown {
  image: FleetImage;
  sums: Sums;
}

const rank = ({ sums }: Shown): number => (sums.update > 0 ? 0 : isUnclear(sums) ? 1 : 2);

/** Those with an update first, then what nobody could say of, then the rest, by name. */
export function shownOf(images: readonly FleetImage[], only: Only): Shown[] {
  const all = images.map((image) => ({ image, sums: sumsOf(image) }));
  return all.filter(({ sums }) => isWanted(sums, only)).toSorted((a, b) => rank(a) - rank(b) || names.compare(familiar(a.image.image), familiar(b.image.image)));
}

const sameTags = (one: NewerTags | null, other: NewerTags | null): boolean =>
  one === null || other === null ? one === other : one.newer.patch === other.newer.patch && one.newer.minor === other.newer.minor && one.newer.major === other.newer.major;

/** What all of its uses say alike, and so is said once; as old as the oldest. */
export function newsOf({ uses }: FleetImage): News {
  const [first, ...rest] = uses.map(({ inUse }) => inUse);
  if (first === undefined) return { newer: null, notes: null };
  const newer = first.newer !== null && rest.every((one) => sameTags(one.newer, first.newer)) ? { ...first.newer, at: Math.min(...uses.map(({ inUse }) => inUse.newer?.at ?? Infinity)) } : null;
  return { newer, notes: rest.every(({ notes }) => notes === first.notes) ? pageOf(first.notes) : null };
}

/** What only this use says. */
export const ownNews = ({ newer, notes }: ImageInUse, said: News): News => ({ newer: said.newer === null ? newer : null, notes: said.notes === null ? pageOf(notes) : null });

/** By how it stands today, then by VMID. */
const inOrder = (a: ImageUse, b: ImageUse): number => rankOfUse(a) - rankOfUse(b) || a.vmid - b.vmid;
const rankOfUse = ({ old, inUse }: ImageUse): number => (old ? 3 : rankOf(inUse.checked.state));

export function rowsOf(shown: readonly Shown[], open: ReadonlySet<string>): Row[] {
  return shown.flatMap(({ image, sums }) => {
    const key = keyOf(image);
    const news = newsOf(image);
    const row: Row = { kind: 'image', key, image, sums, news, open: open.has(key) };
    if (!row.open) return [row];
    const uses = image.uses.toSorted(inOrder).map((use): Row => ({ kind: 'use', key: `${key}/${keyOfUse(use)}`, image, use, news: ownNews(use.inUse, news) }));
    return news.newer === null && news.notes === null ? [row, ...uses] : [row, { kind: 'news', key: `${key}/news`, image, news }, ...uses];
  });
}
