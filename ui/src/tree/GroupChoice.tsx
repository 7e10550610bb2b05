// How the tree is grouped.
import type { Grouping } from '../bindings/Grouping';
import { prefer, usePreferences } from '../live/preferences';
import { Choice } from '../parts/Choice';
import { words } from '../words/en';

const text = words.tree;
const GROUPINGS: readonly Grouping[] = ['hierarchy', 'updateType', 'severity', 'package'];
const OPTIONS = GROUPINGS.map((grouping) => [grouping, text.grouping[grouping]] as const);

export function GroupChoice() {
  const grouping = usePreferences((chosen) => chosen.grouping);
  return <div className="in-tool-choice quiet"><Choice label={text.group} value={grouping} options={OPTIONS} onChange={(grouping) => void prefer(() => ({ grouping }))} testId="group" /></div>;
}
