// Where a row of the list stands on the screen.
import type { Row } from './list';

export interface Placed<K extends Row['kind']> {
  row: Extract<Row, { kind: K }>;
  top: number;
  at: number;
}

export const place = (top: number) => ({ transform: `translateY(${top}px)` });
