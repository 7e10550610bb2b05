// One cluster: how it is reached, its token and certificates, what was discovered.
import { Tabs } from '@base-ui/react/tabs';
import { useClusterDialog } from '../clusters/state';
import { rpc } from '../host';
import { minuteOf, useAsked } from '../live/asked';
import type { ClusterKey } from '../live/fleet';
import { useCluster, useLive } from '../live/store';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { count } from '../words/format';
import { ClusterFacts } from './ClusterFacts';
import { DiscoveryLog } from './DiscoveryLog';
import { LinkNote } from './LinkNote';
import { Ago, Below, Head, PlaceFoot } from './Place';
import { type ClusterTab, PAUSE_MS, usePanel } from './state';

const text = words.cluster;

export function ClusterPanel({ clusterKey }: { clusterKey: ClusterKey }) {
  const row = useCluster(clusterKey);
  const tab = usePanel((panel) => panel.clusterTab);
  const changes = useClusterDialog((dialogs) => dialogs.changes);
  const id = row?.id ?? '';
  const mark = JSON.stringify([id, changes, row?.link.kind, row?.name, row?.address, minuteOf(row?.checkedAt ?? null)]);
  const { answer, problem, again } = useAsked(mark, () => rpc('cluster_details', { cluster: id }), PAUSE_MS);
  const nodes = useLive((live) => live.fleet.shape.nodes.get(clusterKey)?.length ?? 0);
  if (row === undefined) return null;
  const runs = answer?.discoveries ?? [];
  return (
    <>
      <Head name={row.name} link={row.link} quorate={row.quorate} version={row.version} note={<LinkNote link={row.link} cluster={row.id} name={row.name} />} />
      <Tabs.Root className="flex min-h-0 flex-1 flex-col" value={tab} onValueChange={(value) => usePanel.setState({ clusterTab: value as ClusterTab })}>
        <Tabs.List className="tabs" aria-label={row.name}>
          <Tabs.Tab className="tab" value="details" data-testid="tab-details">{text.tabs.details}</Tabs.Tab>
          <Tabs.Tab className="tab" value="log" data-testid="tab-log">
            {text.tabs.log}
            {runs.length > 0 && <span className="count">{count(runs.length)}</span>}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel className="panel-body scrolls pt-3" value="details">
          <dl className="pairs px-4 pb-3">
            <dt>{text.quorum}</dt>
            <dd>{row.quorate === null ? (nodes === 1 ? text.alone : words.none) : row.quorate ? text.hasQuorum : text.noQuorum}</dd>
            <Below rowKey={clusterKey} updates={row.updates} past={row.oldUpdates} />
            <dt>{words.panel.checked}</dt>
            <dd><Ago at={row.checkedAt} /></dd>
          </dl>
          {problem !== null && <div className="px-4 pb-3"><ErrorNote error={problem} action={<button type="button" className="button compact" onClick={again}>{words.tryAgain}</button>} /></div>}
          {answer === null ? problem === null && <p className="px-4 small t3" role="status">{text.reading}</p> : <ClusterFacts row={row} details={answer} />}
        </Tabs.Panel>
        <Tabs.Panel className="panel-body scrolls" value="log">
          <DiscoveryLog runs={runs} read={answer !== null} />
        </Tabs.Panel>
      </Tabs.Root>
      <PlaceFoot rowKey={clusterKey} />
    </>
  );
}
