// Only the rows on the screen of a list that may have many thousands.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useRef } from 'react';

export const ROW = 28;

export interface Drawn {
  body: RefObject<HTMLDivElement | null>;
  height: number;
  items: readonly { index: number; top: number }[];
}

export function useRows(count: number, keyAt: (at: number) => string): Drawn {
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count, getScrollElement: () => body.current, estimateSize: () => ROW, getItemKey: keyAt, overscan: 8 });
  return { body, height: count * ROW, items: virtual.getVirtualItems().map(({ index }) => ({ index, top: index * ROW })) };
}
