// One guest: what it is, its pending updates, its images, its history, its settings in Proxmox.
import { Tabs } from '@base-ui/react/tabs';
import { useEffect, useMemo } from 'react';
import { asideOf, pending } from '../actions/able';
import { scopeOfGuests } from '../actions/scope';
import type { GuestRow } from '../bindings/GuestRow';
import type { Link } from '../bindings/Link';
import { markOf, readDetails, useDetail } from '../live/details';
import { clusterKey, type GuestKey } from '../live/fleet';
import { useCluster, useGuest, useLive } from '../live/store';
import { Note } from '../parts/Note';
import { Badge, Status } from '../parts/Status';
import { Agent, GuestState } from '../tree/cells';
import { words } from '../words/en';
import { count } from '../words/format';
import { osName } from '../words/places';
import { AgentTab } from './AgentTab';
import { Foot } from './Foot';
import { HistoryTab } from './HistoryTab';
import { ImagesTab } from './ImagesTab';
import { CloseButton } from './CloseButton';
import { Marked } from './Marked';
import { ResourcesTab } from './ResourcesTab';
import { asideIn } from './ruling';
import { SettingsTab } from './SettingsTab';
import { type GuestTab, PAUSE_MS, usePanel } from './state';
import { UpdatesTab } from './UpdatesTab';

const text = words.panel;

export function GuestPanel({ guestKey }: { guestKey: GuestKey }) {
  const row = useGuest(guestKey);
  const detail = useDetail(row?.id ?? '');
  const tab = usePanel((panel) => panel.tab);
  const mark = row === undefined ? '' : markOf(row);
  const readMark = detail?.mark;
  useEffect(() => {
    if (row === undefined || readMark === mark) return undefined;
    const timer = setTimeout(() => void readDetails(row), PAUSE_MS);
    return () => clearTimeout(timer);
    // oxlint-disable-next-line react/exhaustive-deps -- the mark stands for the row
  }, [mark, readMark]);
  const fleet = useLive((live) => live.fleet);
  const scope = useMemo(() => (row === undefined ? null : scopeOfGuests(fleet, [row])), [fleet, row]);
  const cluster = useCluster(clusterKey(row?.cluster ?? ''));
  if (row === undefined || scope === null) return null;
  const counts = pending(row);
  const receipts = detail?.details?.receipts ?? [];
  const { images } = row;
  const shown = (tab === 'images' && images === null) || (row.template && (tab === 'agent' || tab === 'resources')) ? 'updates' : tab;
  // Once its list has been read, that says it most exactly.
  const aside = detail?.details == null ? asideOf(row.updates) : asideIn(detail.details);
  const old = row.old && <div className="px-4 pt-3"><Note tone="caution" glyph="old" testId="guest-old">{whyOld(cluster?.link)}</Note></div>;
  return (
    <>
      <div className="panel-head">
        <div className="hs">
          <h2 className="el" title={row.name}>{row.name}</h2>
          <span className="id">{row.vmid}</span>
          <span className="fill" />
          <CloseButton />
        </div>
        <Facts row={row} aside={aside} />
      </div>
      <Tabs.Root className="flex min-h-0 flex-1 flex-col" value={shown} onValueChange={(value) => usePanel.setState({ tab: value as GuestTab })}>
        <Tabs.List className="tabs" aria-label={row.name}>
          <Tabs.Tab className="tab" value="updates" data-testid="tab-updates">
            {text.updates}
            {counts !== null && counts.total > 0 && <span className="count">{count(counts.total)}</span>}
          </Tabs.Tab>
          {images !== null && (
            <Tabs.Tab className="tab" value="images" data-testid="tab-images">
              {words.images.tab}
              {images.updates > 0 && <span className="count">{count(images.updates)}</span>}
            </Tabs.Tab>
          )}
          <Tabs.Tab className="tab" value="history" data-testid="tab-history">
            {text.history}
            {receipts.length > 0 && <span className="count">{count(receipts.length)}</span>}
          </Tabs.Tab>
          {!row.template && <Tabs.Tab className="tab" value="resources" data-testid="tab-resources">{words.load.tab}</Tabs.Tab>}
          {!row.template && <Tabs.Tab className="tab" value="agent" data-testid="tab-agent">{words.agentTab.tab}</Tabs.Tab>}
          <Tabs.Tab className="tab" value="settings" data-testid="tab-settings">{words.settings.tab}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel className="panel-body scrolls" value="updates">
          {old}
          <UpdatesTab row={row} detail={detail} aside={aside} />
        </Tabs.Panel>
        <Tabs.Panel className="panel-body scrolls" value="images">
          {old}
          <ImagesTab row={row} detail={detail} />
        </Tabs.Panel>
        <Tabs.Panel className="panel-body scrolls" value="resources">
          {old}
          <ResourcesTab key={row.id} guest={row.id} />
        </Tabs.Panel>
        <Tabs.Panel className="panel-body scrolls" value="agent">
          <AgentTab key={row.id} row={row} />
        </Tabs.Panel>
        <Tabs.Panel className="panel-body scrolls" value="settings">
          <SettingsTab row={row} os={detail?.details?.inventory?.os.name ?? null} />
        </Tabs.Panel>
        <Tabs.Panel className="panel-body scrolls" value="history">
          <HistoryTab receipts={receipts} read={detail?.details != null} />
        </Tabs.Panel>
      </Tabs.Root>
      <Foot scope={scope} images={shown === 'images'} />
    </>
  );
}

/** A guest is greyed for its node or for its cluster; only the link of the cluster tells which. */
function whyOld(link: Link | undefined): string {
  switch (link?.kind) {
    case 'disabled':
      return text.oldOff;
    case 'refused':
      return text.oldRefused;
    case 'certificateChanged':
      return text.oldCertificate;
    case 'unknown':
    case 'online':
    case 'partly':
    case 'unreachable':
    case undefined:
      return text.old;
  }
}

function Facts({ row, aside }: { row: GuestRow; aside: number }) {
  return (
    <>
      <div className="hs wide small t2 mt-1">
        <span className="flex-none"><GuestState guest={row} /></span>
        {row.os !== null && <span className="el" title={row.os}>{osName(row.os)}</span>}
        <span className="fill" />
        {row.tags.length > 0 && <span className="tags flex-none">{row.tags.slice(0, 3).map((tag) => <Badge key={tag}>{tag}</Badge>)}</span>}
      </div>
      <div className="hs wide small t2 mt-1">
        {row.template ? <Status tone="mute" glyph="uns">{words.updateState.notUpdated}</Status> : <span className="hs tight"><span className="t3">{text.agent}</span><Agent guest={row} /></span>}
        {row.address !== null && <span className="el">{row.address}</span>}
      </div>
      {(row.approved > 0 || aside > 0) && <div className="hs wide small t2 mt-1" data-testid="panel-marked"><Marked approved={row.approved} aside={aside} /></div>}
    </>
  );
}
