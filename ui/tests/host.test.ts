// The browser's host: its token, its errors.
import { afterEach, expect, it, vi } from 'vitest';
import { BrowserHost, takeToken } from '../src/host/browser';
import { CommandError } from '../src/host';

afterEach(() => vi.unstubAllGlobals());

it('takes the token out of the address and remembers it for the tab', () => {
  const memory = new Map<string, string>();
  const storage = { setItem: (key: string, value: string) => memory.set(key, value), getItem: (key: string) => memory.get(key) ?? null } as unknown as Storage;
  const replaced: string[] = [];
  const history = { replaceState: (_state: unknown, _title: string, address: string) => replaced.push(address) } as unknown as History;
  const place = (hash: string) => ({ hash, pathname: '/', search: '' }) as Location;
  expect(takeToken(place('#token=abc'), history, storage)).toBe('abc');
  expect(replaced).toEqual(['/']);
  expect(takeToken(place(''), history, storage)).toBe('abc');
});

const answering = (status: number, body: string) => vi.stubGlobal('fetch', vi.fn(async () => new Response(body, { status })));
const thrown = async (): Promise<CommandError> => {
  const caught: unknown = await new BrowserHost('', 't').rpc('snapshot', {}).catch((error: unknown) => error);
  if (!(caught instanceof CommandError)) throw new Error('no CommandError');
  return caught;
};

it('sends the token as a header and gives the answer', async () => {
  answering(200, '{"id":"s"}');
  expect(await new BrowserHost('', 'abc').rpc('keep_secret', { value: 'v' })).toEqual({ id: 's' });
  expect(vi.mocked(fetch).mock.calls[0]).toMatchObject(['/rpc/keep_secret', { method: 'POST', headers: { Authorization: 'Bearer abc' }, body: '{"value":"v"}' }]);
});

it('throws what Rust answered', async () => {
  answering(409, '{"code":"planMoved","message":"It moved.","words":"w","next":"n"}');
  expect(await thrown()).toMatchObject({ code: 'planMoved', message: 'It moved.', words: 'w', next: 'n' });
});

it('says that nothing answers when there is no sensible answer', async () => {
  answering(502, 'Bad Gateway');
  expect(await thrown()).toMatchObject({ code: 'unreachable', words: '502 Bad Gateway' });
  vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('refused'); }));
  expect(await thrown()).toMatchObject({ code: 'unreachable', words: 'refused' });
});
