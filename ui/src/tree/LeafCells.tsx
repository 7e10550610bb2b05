// The cells of a leaf: one pending package, one image, or why none is listed.
import { Container } from 'lucide-react';
import { type ReactNode, useContext } from 'react';
import type { Update } from '../bindings/Update';
import { familiar } from '../panel/images';
import { isSecurity } from '../panel/packages';
import { Badge, Status, Version } from '../parts/Status';
import { words } from '../words/en';
import { RowId } from './Cell';
import { ImageCell } from './ImageLeaf';
import type { Leaf } from './rows';

const IMAGE = <Container className="icon small" aria-hidden />;

export function LeafCells({ leaf, icon, level }: { leaf: Leaf; icon: ReactNode; level: number }) {
  const row = useContext(RowId);
  const style = { '--level': level } as React.CSSProperties;
  return (
    <>
      <span className="tick-cell" role="gridcell" aria-colindex={1} />
      <span className="name" role="rowheader" data-cell id={`${row}|name`} style={style} aria-colindex={2}>
        <span className="twist" />
        {leaf.kind === 'update' ? icon : leaf.kind === 'image' || leaf.kind === 'engine' ? IMAGE : null}
        <span className="el" title={leaf.kind === 'image' ? leaf.image.image : undefined}>{nameOf(leaf)}</span>
      </span>
      <span className="span" role="gridcell" data-cell id={`${row}|state`} aria-colindex={3}><What leaf={leaf} /></span>
      <span className="source" role="gridcell" data-cell aria-colindex={4}><Source leaf={leaf} /></span>
    </>
  );
}

function nameOf(leaf: Leaf): string {
  switch (leaf.kind) {
    case 'update':
      return leaf.update.package;
    case 'image':
      return familiar(leaf.image.image);
    case 'engine':
      return leaf.socket;
    case 'reading':
      return words.fleet.reading;
    case 'nothing':
      return words.fleet.noPackages;
    case 'problem':
      return words.updateState.scanFailed;
  }
}

function What({ leaf }: { leaf: Leaf }) {
  switch (leaf.kind) {
    case 'update':
      return <UpdateCell update={leaf.update} />;
    case 'image':
      return <ImageCell state={leaf.image.checked.state} digest={leaf.digest} />;
    case 'engine':
      return <><Status tone="error" glyph="err">{words.images.noAnswer}</Status><span className="el" title={leaf.reason}>{leaf.reason}</span></>;
    case 'reading':
      return <Status tone="busy" glyph="busy">{words.fleet.reading}</Status>;
    case 'problem':
      return <Status tone="error" glyph="err" title={leaf.message}>{leaf.message}</Status>;
    case 'nothing':
      return leaf.reason === null ? null : <span className="el">{leaf.reason}</span>;
  }
}

function Source({ leaf }: { leaf: Leaf }) {
  switch (leaf.kind) {
    case 'update':
      return <span className="words el" title={leaf.update.origin}>{words.fleet.source(leaf.update.suite)}</span>;
    case 'image': {
      const source = words.images.source(words.images.engine(leaf.podman), leaf.image.containers);
      return <span className="words el" title={source}>{source}</span>;
    }
    case 'engine':
      return <span className="words el">{words.images.silent}</span>;
    case 'reading':
    case 'nothing':
    case 'problem':
      return null;
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
