// The container images of a guest, engine by engine, or why an engine told nothing.
import { clsx } from 'clsx';
import type { DockerScan } from '../bindings/DockerScan';
import type { GuestRow } from '../bindings/GuestRow';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { Detail } from '../live/details';
import { isPast } from '../live/images';
import { ErrorNote, Note } from '../parts/Note';
import { words } from '../words/en';
import { count, exact } from '../words/format';
import { ImageItem } from './ImageItem';
import { digestInUse, imageKey, imagesOf, socketOf } from './images';
import { hasJumps } from './newer';
import { Unread } from './Unread';

const text = words.images;

export function ImagesTab({ row, detail }: { row: GuestRow; detail: Detail | undefined }) {
  const details = detail?.details ?? null;
  const scans = details?.inventory?.docker ?? [];
  return (
    <>
      <Unread row={row} detail={detail} />
      <Standing row={row} />
      {details === null && detail?.loading === true && <p className="p-4 small t3">{words.panel.reading}</p>}
      {scans.map((scan, i) => (
        <Engine key={socketOf(scan)} guest={row.id} scan={scan} images={imagesOf(details?.images ?? [], socketOf(scan))} first={i === 0} several={scans.length > 1} past={isPast(row)} />
      ))}
      {details !== null && details.images.some(({ newer }) => hasJumps(newer)) && <p className="ruled mt-2 px-4 py-2 small t3">{text.newer.where}</p>}
    </>
  );
}

/** Why what is shown is not the present. Of a guest whose node does not answer the panel says it for all tabs. */
function Standing({ row }: { row: GuestRow }) {
  if (row.old || !isPast(row)) return null;
  const shown = (why: string) => <div className="px-4 pt-3"><Note tone="caution" glyph="old" testId="images-past">{why}</Note></div>;
  if (row.power === 'stopped') return shown(text.stopped);
  if (row.updates.kind === 'stale') return shown(words.unknownWhy.old(exact(row.updates.since)));
  return shown(row.agent.kind === 'offline' ? text.agentSilent : text.last);
}

interface EngineProps {
  guest: string;
  scan: DockerScan;
  images: readonly ImageInUse[];
  first: boolean;
  several: boolean;
  past: boolean;
}

function Engine({ guest, scan, images, first, several, past }: EngineProps) {
  const socket = socketOf(scan);
  const name = scan.kind === 'found' ? text.versioned(text.engine(scan.engine.podman), scan.engine.version) : text.silent;
  return (
    <section aria-label={several ? `${name}, ${socket}` : name} data-testid={`engine-${socket}`}>
      <div className={clsx('sect', !first && 'ruled mt-2')}>
        <b>{name}</b>
        {images.length > 0 && count(images.length)}
        <span className="fill" />
        {several && <span className="mono el" title={socket}>{socket}</span>}
      </div>
      {scan.kind === 'failed' && <div className="px-4 pb-2"><ErrorNote error={{ message: text.noAnswerAt(socket), words: scan.reason, next: null }} testId="engine-problem" /></div>}
      {scan.kind === 'found' && images.length === 0 && <p className="px-4 pb-2 small t3">{text.noContainers}</p>}
      {images.map((image) => (
        <ImageItem key={imageKey(image)} guest={guest} image={image} digest={digestInUse(image, scan)} containers={scan.kind === 'found' ? scan.containers : []} past={past} />
      ))}
    </section>
  );
}
