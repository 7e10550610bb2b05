// The cells of a leaf: one pending package, or why none is listed.
import type { ReactNode } from 'react';
import type { Update } from '../bindings/Update';
import { isSecurity } from '../panel/packages';
import { Badge, Status, Version } from '../parts/Status';
import { words } from '../words/en';
import type { Leaf } from './rows';

export function LeafCells({ leaf, icon, level }: { leaf: Leaf; icon: ReactNode; level: number }) {
  const style = { '--level': level } as React.CSSProperties;
  return (
    <>
      <span className="tick-cell" role="gridcell" />
      <span className="name" role="rowheader" data-cell style={style}>
        <span className="twist" />
        {leaf.kind === 'update' ? icon : null}
        <span className="el">{nameOf(leaf)}</span>
      </span>
      <span className="span" role="gridcell" data-cell>{leaf.kind === 'update' ? <UpdateCell update={leaf.update} /> : <Told leaf={leaf} />}</span>
      <span className="source" role="gridcell" data-cell>
        {leaf.kind === 'update' && <span className="words el" title={leaf.update.origin}>{words.fleet.source(leaf.update.suite)}</span>}
      </span>
    </>
  );
}

function nameOf(leaf: Leaf): string {
  switch (leaf.kind) {
    case 'update':
      return leaf.update.package;
    case 'reading':
      return words.fleet.reading;
    case 'nothing':
      return words.fleet.noPackages;
    case 'problem':
      return words.updateState.scanFailed;
  }
}

function UpdateCell({ update }: { update: Update }) {
  return (
    <>
      <Version from={update.installed} to={update.candidate} not={update.blocked !== null} />
      {isSecurity(update.severity) && <Badge tone="sec" glyph="sec">{words.severities[update.severity]}</Badge>}
      {update.blocked !== null && <Badge tone="caution" glyph="held">{words.panel.heldBack}</Badge>}
    </>
  );
}

function Told({ leaf }: { leaf: Leaf }) {
  if (leaf.kind === 'reading') return <Status tone="busy" glyph="busy">{words.fleet.reading}</Status>;
  if (leaf.kind === 'problem') return <Status tone="error" glyph="err" title={leaf.message}>{leaf.message}</Status>;
  return leaf.kind === 'nothing' && leaf.reason !== null ? <span className="el">{leaf.reason}</span> : null;
}
