// The top bar: menu, filter, commands, scan all, update all. Behind a filter the last two are about what is shown.
import { useLive } from '../live/store';
import { FilterField } from '../tree/FilterField';
import { useKnown } from '../tree/known';
import { words } from '../words/en';
import { CommandsButton } from '../palette/CommandsButton';
import { Everything } from './Everything';
import { MainMenu } from './MainMenu';
import { usePlace } from './place';

const text = words.top;

export function TopBar() {
  const view = usePlace((app) => app.place.view);
  const some = useLive((live) => live.fleet.shape.clusters.length > 0);
  // Some filters need lists that are read aside; what stands here follows them too.
  useKnown();
  return (
    <div className="top" role="region" aria-label={text.label} data-region="top">
      <MainMenu />
      {some && view === 'fleet' && <FilterField />}
      <span className="fill" />
      <CommandsButton />
      {some && view !== 'wizard' && <Everything />}
    </div>
  );
}
