// Reads the lists over the fleet while the grouping, the filter or a saved filter needs them. Draws nothing by itself.
import { useEffect } from 'react';
import { usePlace } from '../app/place';
import type { Asked } from '../live/asked';
import { usePreferences } from '../live/preferences';
import { useFleetImages } from '../images/useFleetImages';
import { Trouble } from '../updates/Trouble';
import { useFleetUpdates } from '../updates/useFleetUpdates';
import { words } from '../words/en';
import { type Known, useKnown } from './known';
import { needsOf } from './match';
import { useTreeView } from './view';

type Need = keyof Known;

/** `all`: also what only the side bar's figures need. */
function useNeeds(all: boolean): Record<Need, boolean> {
  const fleet = usePlace((app) => app.place.view === 'fleet');
  const grouping = usePreferences((chosen) => chosen.grouping);
  const views = usePreferences((chosen) => chosen.views);
  const filter = useTreeView((view) => view.filter);
  const texts = [...(fleet ? [filter] : []), ...(all ? views.map((view) => view.filter) : [])];
  const needs = texts.map(needsOf);
  return {
    updates: needs.some((one) => one.updates) || (fleet && (grouping === 'severity' || grouping === 'package')),
    images: needs.some((one) => one.images) || (fleet && grouping === 'package'),
  };
}

export function Reading() {
  const { updates, images } = useNeeds(true);
  return <>{updates && <Updates />}{images && <Images />}</>;
}

/** What has been read stays until it is read again: a closed list must not be taken for today's. */
function useKept<N extends Need>(need: N, asked: NonNullable<Known[N]>): void {
  const { answer, problem, loading } = asked as Asked<unknown>;
  // oxlint-disable-next-line react/exhaustive-deps -- the rest of `asked` is another function at each drawing
  useEffect(() => useKnown.setState({ [need]: asked }), [need, answer, problem, loading]);
  useEffect(() => () => useKnown.setState({ [need]: null }), [need]);
}

function Updates() {
  useKept('updates', useFleetUpdates());
  return null;
}

function Images() {
  useKept('images', useFleetImages());
  return null;
}

/** Above the tree: that a list is being read, or why it cannot be. */
export function ReadingNote() {
  const needs = useNeeds(false);
  const known = useKnown();
  return (
    <>
      {(['updates', 'images'] as const).map((need) => needs[need] && <One key={need} need={need} asked={known[need]} />)}
    </>
  );
}

function One({ need, asked }: { need: Need; asked: Asked<unknown> | null }) {
  if (asked !== null && asked.problem !== null) return <Trouble asked={asked} testId={`tree-${need}-error`} />;
  if (asked !== null && asked.answer !== null) return null;
  return <p className="px-4 py-2 small t3" role="status" data-testid={`tree-${need}-reading`}>{need === 'updates' ? words.fleetUpdates.reading : words.fleetImages.reading}</p>;
}
