// A name for a saved filter.
import { Dialog } from '@base-ui/react/dialog';
import { useState } from 'react';
import { CancelButton, Frame } from '../clusters/Frame';
import { usePreferences } from '../live/preferences';
import { words } from '../words/en';
import { closeSaving, LONGEST, MOST, renameView, type Saving, saveView, useSaving } from './saving';

const text = words.tree.saved;

export function SaveDialog() {
  const current = useSaving((saving) => saving.current);
  if (current === null) return null;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closeSaving()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog" data-testid="save-filter" initialFocus={false}>
            <Content current={current} />
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Content({ current }: { current: Saving }) {
  const views = usePreferences((chosen) => chosen.views);
  const old = current.task === 'rename' ? current.view.name : '';
  const [name, setName] = useState(old);
  const wanted = name.trim();
  const taken = wanted !== old && views.some((view) => view.name === wanted);
  const why = whyNot();
  const ready = wanted !== '' && why === null;

  function whyNot(): string | null {
    if (wanted.length > LONGEST) return text.long;
    if (current.task === 'rename') return taken ? text.takenElse : null;
    if (current.filter.length > LONGEST) return text.longFilter;
    return views.length >= MOST && !taken ? text.many : null;
  }
  function submit(): void {
    if (!ready) return;
    closeSaving();
    if (current.task === 'rename') renameView(old, wanted);
    else saveView(wanted, current.filter);
  }
  const saving = current.task === 'save';
  return (
    <Frame
      title={saving ? text.saveTitle : text.renameTitle}
      lead={saving ? text.saveLead : text.renameLead(current.view.filter)}
      onSubmit={submit}
      hint={why ?? (saving && taken ? text.taken : null)}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="save-filter-done">{saving ? (taken ? text.replace : text.save) : text.rename}</button>
        </>
      }
    >
      <label className="label">
        {text.name}
        <input className="field" value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} autoComplete="off" data-testid="save-filter-name" />
      </label>
      {saving && <p className="mono t2">{current.filter}</p>}
    </Frame>
  );
}
