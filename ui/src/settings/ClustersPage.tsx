// The clusters, each with what can be done to it. The actions are those of the tree.
import { Plus } from 'lucide-react';
import { type Action, action, type ActionId } from '../actions/registry';
import { type Scope, scopeOfRow } from '../actions/scope';
import type { ClusterRow } from '../bindings/ClusterRow';
import { clusterKey, guestsBelow } from '../live/fleet';
import { useLive } from '../live/store';
import { LinkState } from '../tree/cells';
import { openWizard } from '../wizard/open';
import { words } from '../words/en';
import { Card, Row } from './parts';

const text = words.settingsPages.clusters;
const OFFERED: readonly ActionId[] = ['test', 'edit', 'rotate', 'compare', 'switch', 'remove'];

export function ClustersPage() {
  const clusters = useLive((live) => live.fleet.clusters);
  const order = useLive((live) => live.fleet.shape.clusters);
  const add = (
    <button type="button" className="button ghost compact" onClick={openWizard} data-testid="settings-add-cluster">
      <Plus className="icon small" aria-hidden />
      {text.add}
    </button>
  );
  return (
    <Card title={text.card} aside={add} wide>
      {order.length === 0 && <Row name={<span className="t2">{text.none}</span>} />}
      {order.map((key) => {
        const row = clusters.get(key);
        return row === undefined ? null : <OneCluster key={key} row={row} />;
      })}
    </Card>
  );
}

function OneCluster({ row }: { row: ClusterRow }) {
  const fleet = useLive((live) => live.fleet);
  const key = clusterKey(row.id);
  const scope = scopeOfRow(fleet, key, false);
  const nodes = fleet.shape.nodes.get(key)?.length ?? 0;
  return (
    <div className="set-row cluster-line" data-testid={`settings-cluster-${row.name}`}>
      <div className="min-w-0">
        <div className="hs wide"><span className="el medium">{row.name}</span><span className="small flex-none"><LinkState link={row.link} online={{ quorate: row.quorate }} /></span></div>
        <p className="el">{`${row.address} · ${text.guests(guestsBelow(fleet, key).length, nodes)}`}</p>
      </div>
      <span className="hs wraps ends">{scope !== null && OFFERED.map((id) => <ActionButton key={id} one={action(id)} scope={scope} name={row.name} />)}</span>
    </div>
  );
}

function ActionButton({ one, scope, name }: { one: Action; scope: Scope; name: string }) {
  if (!one.shown(scope)) return null;
  const verdict = one.when(scope);
  const label = one.id === 'test' ? text.test : one.label(scope);
  return (
    <button type="button" className="button compact" aria-disabled={!verdict.able} aria-label={text.of(name, label)} title={verdict.able ? (verdict.note ?? undefined) : verdict.why} onClick={() => verdict.able && one.run(scope)} data-testid={`${one.id}-${name}`}>
      {label}
    </button>
  );
}
