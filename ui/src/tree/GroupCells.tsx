// The row of a group: what it is about, how many LXCs stand below it, and what waits in them together.
import { Container, Package } from 'lucide-react';
import { Glyph } from '../parts/Glyph';
import { words } from '../words/en';
import { Cell } from './Cell';
import { Frame, Name, type RowProps } from './Frame';
import type { Group } from './groups';
import { GroupUpdates } from './UpdateCells';

const PACKAGE = <Package className="icon small" aria-hidden />;
const IMAGE = <Container className="icon small" aria-hidden />;

function Icon({ look }: Pick<Group, 'look'>) {
  if (look === 'package') return PACKAGE;
  if (look === 'image') return IMAGE;
  return <span className={`status ${look.tone}`}><Glyph name={look.glyph} /></span>;
}

export function GroupCells({ group, ...row }: RowProps & { group: Group }) {
  const { only, sums, members } = group;
  return (
    <Frame {...row} group={group} name={group.name}>
      <span className="tick-cell" role="gridcell" aria-colindex={1} />
      <Name row={{ ...row, group }} icon={<Icon look={group.look} />}>
        <span className="el" title={group.name}>{group.name}</span>
        <span className="of">{words.lxcs(members.length)}</span>
      </Name>
      <Cell column="state" />
      {only === null ? <Cell column="updates" /> : <GroupUpdates sums={sums} />}
      <Cell column="images" />
      <Cell column="agent" />
      <Cell column="address" />
      <Cell column="uptime" />
      <Cell column="cpu" />
      <Cell column="memory" />
      <Cell column="checked" />
    </Frame>
  );
}
