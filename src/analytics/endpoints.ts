import {
  Controller,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ApiExcludeController } from '@nestjs/swagger';
import { AuditController } from '../access/audit.controller.js';
import { KeysController } from '../access/keys/keys.controller.js';
import { PrivacyController } from '../privacy/privacy.controller.js';
import { DashboardController } from '../dashboard/dashboard.controller.js';
import { PosthogController } from '../dialects/posthog/posthog.controller.js';
import { SegmentShortController } from '../dialects/segment/segment-short.controller.js';
import { SegmentController } from '../dialects/segment/segment.controller.js';
import { BatchController } from '../ingest/batch/batch.controller.js';
import { ImportController } from '../ingest/import/import.controller.js';
import { LiveController } from '../live/live.controller.js';
import { MergesController } from '../profiles/merges/merges.controller.js';
import { ProfilesController } from '../profiles/profiles.controller.js';
import { QueryController } from '../query/query.controller.js';
import { UsersController } from '../query/users.controller.js';
import { createTrackerController } from '../tracker/tracker.controller.js';
import { trackerPaths, type TrackerOptions } from '../tracker/tracker.options.js';
import { AnalyticsController } from './analytics.controller.js';
import type { AnalyticsExtras } from './analytics.options.js';

/** Which endpoints there are, and how. */
export type EndpointChoice = Pick<AnalyticsExtras, 'guards'> &
  Required<
    Pick<AnalyticsExtras, 'path' | 'dashboard' | 'tracker' | 'segment' | 'posthog' | 'openapi'>
  >;

/**
 * The controllers of a module. Where they differ from those of the server by itself they are classes of
 * their own, so that two modules of one application may differ, too.
 *
 * @throws TypeError for a path that the tracker can't have
 */
export function endpointsOf(choice: EndpointChoice): Type[] {
  const { dashboard, tracker, segment, posthog } = choice;
  const bringEvents = [
    BatchController,
    ImportController,
    ...(segment ? [SegmentController, SegmentShortController] : []),
    ...(posthog ? [PosthogController] : []),
  ];
  const others = [
    QueryController,
    LiveController,
    UsersController,
    ProfilesController,
    PrivacyController,
    MergesController,
    KeysController,
    AuditController,
    AnalyticsController,
    ...(dashboard ? [DashboardController] : []),
  ];
  const guards = (choice.guards ?? []).map(sparingEvents);
  return [
    ...bringEvents.map((controller) => adapt(controller, choice, [])),
    ...others.map((controller) => adapt(controller, choice, guards)),
    ...pathsOfTracker(tracker).map((paths) => adapt(createTrackerController(paths), choice, [])),
  ];
}

/** @returns one list of paths, or none where there's no tracker */
function pathsOfTracker(tracker: boolean | TrackerOptions): string[][] {
  if (tracker === false) return [];
  return [trackerPaths(tracker === true ? undefined : tracker)];
}

function adapt(
  controller: Type,
  { path, openapi }: EndpointChoice,
  guards: Type<CanActivate>[],
): Type {
  if (path === '' && openapi && guards.length === 0) return controller;
  // Documents name an operation by its class.
  const name = `${nameOf(path)}${controller.name}`;
  const Adapted = { [name]: class extends controller {} }[name]!;
  const own = Reflect.getMetadata(PATH_METADATA, controller) as string;
  Controller(own === '/' ? path : `${path}/${own}`)(Adapted);
  if (!openapi) ApiExcludeController()(Adapted);
  if (guards.length > 0) UseGuards(...guards)(Adapted);
  return Adapted;
}

/** `big-shop/eu` is `BigShopEu`. */
function nameOf(path: string): string {
  return path
    .split(/[^a-z0-9]+/i)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

/** The same guard, which lets the original endpoint's events by: its class has figures, too. */
function sparingEvents(guard: Type<CanActivate>): Type<CanActivate> {
  return class extends guard {
    override canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
      if (context.getHandler() === AnalyticsController.prototype.record) return true;
      return super.canActivate(context);
    }
  };
}
