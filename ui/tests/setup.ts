// Every test begins with an empty page, fresh stores and a screen of a fixed size.
import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { useMenu } from '../src/actions/menu';
import { useChangelog } from '../src/changelog/state';
import { useClusterDialog } from '../src/clusters/state';
import { useChecking } from '../src/images/checking';
import { useNotices } from '../src/app/notices';
import { usePlace } from '../src/app/place';
import { useDetails } from '../src/live/details';
import { usePreferences } from '../src/live/preferences';
import { useLive } from '../src/live/store';
import { usePalette } from '../src/palette/state';
import { usePanel } from '../src/panel/state';
import { usePaste } from '../src/paste/state';
import { usePlan } from '../src/plan/state';
import { useSaving } from '../src/app/saving';
import { useKnown } from '../src/tree/known';
import { useTreeView } from '../src/tree/view';
import { useWizard } from '../src/wizard/state';
import { NOW } from './fixtures/fleet';

const HEIGHT = 700;
const WIDTH = 1000;

beforeEach(() => {
  for (const store of [useMenu, useNotices, usePlace, useDetails, useLive, usePanel, usePlan, usePaste, useClusterDialog, useChangelog, useChecking, usePreferences, usePalette, useTreeView, useKnown, useSaving, useWizard]) {
    (store as typeof useMenu).setState(store.getInitialState() as ReturnType<typeof useMenu.getInitialState>, true);
  }
  // There is no layout here: everything is as large as the screen, so that the virtual rows have a window.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(HEIGHT);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(WIDTH);
  vi.spyOn(Date, 'now').mockReturnValue(NOW);
});

afterEach(cleanup);
