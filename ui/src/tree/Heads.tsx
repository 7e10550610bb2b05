// The heads of the tree's columns.
import { memo } from 'react';
import { words } from '../words/en';

const heads = words.fleet.columns;

export const Heads = memo(function Heads() {
  return (
    <div role="rowgroup">
      <div className="row heads" role="row" aria-rowindex={1}>
        <span className="tick-cell" role="columnheader"><span className="unseen">{heads.tick}</span></span>
        <span className="name" role="columnheader">{heads.name}</span>
        <span role="columnheader">{heads.state}</span>
        <span role="columnheader">{heads.updates}</span>
        <span className="right" role="columnheader">{heads.images}</span>
        <span className="agent" role="columnheader">{heads.agent}</span>
        <span className="wide" role="columnheader">{heads.address}</span>
        <span className="wide right" role="columnheader">{heads.uptime}</span>
        <span className="wide" role="columnheader">{heads.cpu}</span>
        <span className="wide" role="columnheader">{heads.ram}</span>
        <span className="right" role="columnheader">{heads.checked}</span>
      </div>
    </div>
  );
});
