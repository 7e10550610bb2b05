// The plan of one image, where others of its compose projects have an update as well.
import { screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { MakePlan } from '../src/bindings/MakePlan';
import type { Plan } from '../src/bindings/Plan';
import { nginxPlan } from './fixtures/renewal';
import { open } from './open';

/** By the button beside the image in the view of all images. */
async function openPlan(answer: (request: MakePlan) => Plan = ({ only }) => nginxPlan(only)) {
  const opened = await open((host) => {
    host.answers.make_plan = (request) => ({ ...answer(request), canary: request.canary });
  });
  await opened.user.click(screen.getByTestId('view-images'));
  await opened.user.click(await screen.findByTestId('renew-nginx:latest'));
  await screen.findByTestId('plan-approve');
  return opened;
}

const tick = () => screen.getByTestId('plan-projects');
const ticked = (on: boolean) => waitFor(() => expect(tick().getAttribute('aria-checked')).toBe(String(on)));
const asked = (projects: boolean) => ({ kind: 'images', names: ['nginx:latest'], projects });

it('offers to take along what has an update in the same compose projects, each name once', async () => {
  const { host } = await openPlan();
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', only: asked(false) }]);
  expect(tick().getAttribute('aria-checked')).toBe('false');
  expect(tick().textContent).toBe('Also update app:2 and redis:7.4 of the same compose projects');
  expect(screen.getByTestId('plan-canary')).toBeTruthy();
});

it('offers it also where only a later LXC has something beside', async () => {
  await openPlan(({ only }) => nginxPlan(only, []));
  expect(tick().textContent).toBe('Also update redis:7.4 of the same compose projects');
});

it('names three, and all of them in its title', async () => {
  await openPlan(({ only }) => nginxPlan(only, ['app:2', 'db:17', 'mail:1'], ['redis:7.4', 'worker:2']));
  expect(tick().textContent).toBe('Also update app:2, db:17, mail:1 and 2 more of the same compose projects');
  expect(screen.getByTitle('app:2, db:17, mail:1, redis:7.4, worker:2')).toBeTruthy();
});

it('offers nothing where nothing is beside', async () => {
  await openPlan(({ only }) => nginxPlan(only, [], []));
  expect(screen.getByTestId('plan-options')).toBeTruthy();
  expect(screen.queryByTestId('plan-projects')).toBeNull();
});

it('offers nothing in a plan that is of all images', async () => {
  await openPlan(() => nginxPlan({ kind: 'all' }));
  expect(screen.queryByTestId('plan-projects')).toBeNull();
});

it('makes the plan anew with them, and without them again', async () => {
  const { user, host } = await openPlan();
  tick().focus();
  await user.keyboard(' ');
  await ticked(true);
  const [first, second] = host.requests('make_plan');
  expect(second).toEqual({ ...first, only: asked(true) });
  expect(screen.getByTestId('plan-image-redis:7.4')).toBeTruthy();
  expect(tick().textContent).toBe('Also update app:2 and redis:7.4 of the same compose projects');
  expect(document.activeElement).toBe(tick());
  await user.click(tick());
  await ticked(false);
  expect(host.requests('make_plan')[2]).toEqual(first);
  expect(screen.queryByTestId('plan-image-redis:7.4')).toBeNull();
  expect(host.requests('approve_plan')).toEqual([]);
});

it('keeps the other choices of the plan, and is kept by them', async () => {
  const { user, host } = await openPlan();
  await user.click(screen.getByTestId('plan-canary'));
  await waitFor(() => expect(screen.getByTestId('plan-canary').getAttribute('aria-checked')).toBe('true'));
  await user.click(tick());
  await ticked(true);
  expect(host.requests('make_plan').at(-1)).toMatchObject({ canary: true, only: asked(true) });
  await user.click(screen.getByTestId('plan-stop-50'));
  await waitFor(() => expect(host.requests('make_plan').at(-1)).toMatchObject({ canary: true, stopPercent: 50, only: asked(true) }));
  await user.click(await screen.findByTestId('plan-again'));
  await waitFor(() => expect(host.requests('make_plan')).toHaveLength(5));
  expect(host.requests('make_plan')[4]).toEqual(host.requests('make_plan')[3]);
});

it('offers it for one LXC alone, without the rules of the run', async () => {
  const { user, host } = await openPlan(({ only }) => {
    const plan = nginxPlan(only);
    return { ...plan, guests: plan.guests.slice(0, 1) };
  });
  expect(screen.queryByTestId('plan-canary')).toBeNull();
  expect(screen.queryByTestId('plan-stop-20')).toBeNull();
  await user.click(tick());
  await ticked(true);
  expect(host.requests('make_plan').at(-1)).toMatchObject({ only: asked(true) });
  await user.click(tick());
  await ticked(false);
  expect(host.requests('make_plan').at(-1)).toMatchObject({ only: asked(false) });
});

it('can be taken back where nothing came along, or nothing is left in the plan', async () => {
  const { user, host } = await openPlan(({ only }) => ({ ...nginxPlan(only), guests: only.kind === 'images' && only.projects ? [] : nginxPlan(only).guests }));
  await user.click(tick());
  await ticked(true);
  expect(tick().textContent).toBe('Also update other images of the same compose projects');
  await user.click(tick());
  await ticked(false);
  expect(host.requests('make_plan').at(-1)).toMatchObject({ only: asked(false) });
});
