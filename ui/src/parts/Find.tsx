// The search field of a tool bar. Escape empties it.
import { Search, X } from 'lucide-react';
import type { KeyboardEvent } from 'react';

interface Props {
  search: string;
  onSearch: (search: string) => void;
  text: { search: string; searchLabel: string; clearSearch: string };
  testId: string;
}

export function Find({ search, onSearch, text, testId }: Props) {
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || search === '') return;
    event.preventDefault();
    onSearch('');
  };
  return (
    <div className="find in-tool" role="search">
      <Search className="icon small" aria-hidden />
      <input value={search} placeholder={text.search} aria-label={text.searchLabel} data-testid={testId} onChange={(event) => onSearch(event.target.value)} onKeyDown={onKey} spellCheck={false} autoComplete="off" />
      {search !== '' && (
        <button type="button" className="button ghost square compact" aria-label={text.clearSearch} onClick={() => onSearch('')}>
          <X className="icon small" aria-hidden />
        </button>
      )}
    </div>
  );
}
