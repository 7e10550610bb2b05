// The container images of the whole fleet, and the registries that are asked about them.
import { Radar, SquareArrowUp } from 'lucide-react';
import { useState } from 'react';
import { useLive } from '../live/store';
import { Segments } from '../parts/Choice';
import { Find } from '../parts/Find';
import { ErrorNote } from '../parts/Note';
import { Trouble } from '../updates/Trouble';
import { words } from '../words/en';
import { checkImages, useChecking } from './checking';
import { ImageList } from './ImageList';
import type { Only } from './list';
import { RegistryList } from './RegistryList';
import { renewAll, whyNotAll } from './renewing';
import { useFleetImages } from './useFleetImages';

const text = words.fleetImages;
const PARTS = ['images', 'registries'] as const;
const ONLY = ['all', 'updates', 'unclear'] as const;

export function ImagesView() {
  const [part, setPart] = useState<(typeof PARTS)[number]>('images');
  const [only, setOnly] = useState<Only>('all');
  const [find, setFind] = useState('');
  const failed = useChecking((checking) => checking.problem);
  const asked = useFleetImages();
  const { answer } = asked;
  return (
    <main className="main alone" data-region="main" data-testid="images-view">
      <div className="tool">
        <h1>{text.title}</h1>
        <Segments label={text.part} value={part} options={PARTS.map((one) => [one, text.parts[one]])} onChange={setPart} testId="images-part" />
        <span className="fill" />
        {part === 'images' && <Segments label={text.show} value={only} options={ONLY.map((one) => [one, text.only[one]])} onChange={setOnly} testId="images-only" />}
        {part === 'images' && <Find search={find} onSearch={setFind} text={text} testId="images-search" />}
        <RenewAll />
        <CheckNow nothing={answer?.images.length === 0} />
      </div>
      {failed !== null && <div className="px-4 pt-4"><ErrorNote error={failed} testId="check-error" /></div>}
      <Trouble asked={asked} testId="images-error" />
      {answer === null && asked.problem === null && <p className="p-4 small t3" role="status">{text.reading}</p>}
      {answer !== null && part === 'images' && <ImageList read={answer} only={only} find={find} loading={asked.loading} onAgain={asked.again} />}
      {answer !== null && part === 'registries' && <RegistryList read={answer} />}
    </main>
  );
}

/** Over the whole fleet, whatever the search shows. */
function RenewAll() {
  const why = useLive((live) => whyNotAll(live.fleet));
  return (
    <button type="button" className="button compact" aria-disabled={why !== null} title={why ?? words.renewal.allTitle} onClick={() => why === null && renewAll()} data-testid="renew-all">
      <SquareArrowUp className="icon small" aria-hidden />
      {words.renewal.all}
    </button>
  );
}

function CheckNow({ nothing }: { nothing: boolean }) {
  const running = useChecking((checking) => checking.running);
  const why = running ? text.check.running : nothing ? text.check.nothing : null;
  return (
    <button type="button" className="button compact" aria-disabled={why !== null} title={why ?? text.check.note} onClick={() => why === null && void checkImages()} data-testid="check-now">
      <Radar className="icon small" aria-hidden />
      {running ? text.check.busy : text.check.now}
    </button>
  );
}
